"""Entry: confine, then open lanes and look after git's control files, until the caller is gone."""

import marshal
import mmap
import os
import select
import socket
import sys

from .confine import (
    LIBC,
    drop_capabilities,
    enter,
    no_new_privileges,
    restrict_calls,
    rule_set,
    set_limits,
)
from .guard import GitGuard
from .lane import ADOPTS, Lane, adopt
from .supervise import reap, sweep
from .wire import framed, receive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from callboard.sandbox.commands.launcher.task import Jail

PR_SET_DUMPABLE = 4
MOST_NAMED = 10
MOST_LANES = 4096
LONGEST_NAMES = 60_000
DYING_MS = 1000
NOBODY = 0


class Server:
    """The jail's only process that knows the caller. Lanes are forks of it."""

    def __init__(self, control: socket.socket, jail: "Jail") -> None:
        self._control = control
        self._jail = jail
        self._ruleset = _confine(jail)
        self._kept: tuple[bool, dict[str, tuple[int, bytes]]] | None = None
        self._busy = memoryview(mmap.mmap(-1, MOST_LANES))
        self._unsettled = False
        self._orphaned = 0
        self._lanes: dict[
            int, tuple[int, int]
        ] = {}  # process id: its descriptor, its place in _busy

    def serve(self) -> None:
        """Answer until the caller is gone; then end everything, and undo what was not."""
        while True:
            met = self._next()
            for pid, (process, place) in list(self._lanes.items()):
                if process in met or (not ADOPTS and os.waitpid(pid, os.WNOHANG)[0]):
                    self._bury(pid, process, place)
            if self._control.fileno() in met and not self._answer():
                break
        if ADOPTS:
            sweep(NOBODY)
        if (self._unsettled or any(self._busy)) and self._kept:
            self._undo()

    def _next(self, *, lanes_only_ms: "int | None" = None) -> "set[int]":
        """Wait until the caller says something or a lane ends; return their descriptors."""
        poll = select.poll()
        if lanes_only_ms is None:
            poll.register(self._control, select.POLLIN)
        for process, _ in self._lanes.values():
            if process >= 0:
                poll.register(process, select.POLLIN)
        return {fd for fd, _ in poll.poll(lanes_only_ms)}

    def _answer(self) -> bool:
        message = receive(self._control)
        if message is None:
            return False
        content, descriptors = message
        if content == b"lane" and descriptors:
            self._open_lane(socket.socket(fileno=descriptors[0]))
        elif content.startswith(b"listen ") and descriptors:
            self._control.sendall(framed(_listen(int(content[7:]), descriptors[0])))
        elif content == b"keep":
            self._kept = GitGuard(self._jail["guarded"]).kept
            self._control.sendall(framed(marshal.dumps(self._kept)))
        elif content.startswith(b"undo "):
            self._kept = marshal.loads(content[5:])  # noqa: S302 - our own words, kept by the caller
            self._control.sendall(framed(self._undo()))
        elif content == b"calm":
            self._unsettled = False
        elif content == b"lost":
            self._await_burial()
            self._control.sendall(framed(b"buried"))
        return True

    def _await_burial(self) -> None:
        """End what a lane left that the caller saw die before we did."""
        if not self._orphaned:
            met = self._next(lanes_only_ms=DYING_MS)
            for pid, (process, place) in list(self._lanes.items()):
                if process in met:
                    self._bury(pid, process, place)
        self._orphaned = max(0, self._orphaned - 1)

    def _open_lane(self, channel: socket.socket) -> None:
        taken = {place for _, place in self._lanes.values()}
        place = next((place for place in range(MOST_LANES) if place not in taken), None)
        if place is None:
            channel.close()
            return
        pid = os.fork()
        if pid == 0:
            self._control.close()
            for process, _ in self._lanes.values():
                os.close(process)
            Lane(channel, self._ruleset, self._busy[place : place + 1]).serve()
        channel.close()
        self._lanes[pid] = (os.pidfd_open(pid) if ADOPTS else -1, place)

    def _bury(self, pid: int, process: int, place: int) -> None:
        """Forget a lane that ended. Where a command killed it, what was below is here now: end that too."""
        if process >= 0:
            os.close(process)
            reap(NOBODY)
        del self._lanes[pid]
        if self._busy[place]:
            if ADOPTS:
                sweep(NOBODY, frozenset(self._lanes))
            self._busy[place] = 0
            self._unsettled = True
            self._orphaned += 1

    def _undo(self) -> bytes:
        """Put git's control files back, confined as commands are: something may still be watching.

        Return the names of what had been changed, or `!` and what went wrong.
        """
        names, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._restore(told)
        os.close(told)
        content = b""
        while piece := os.read(names, LONGEST_NAMES):
            content += piece
        os.close(names)
        if os.waitpid(pid, 0)[1]:
            return b"! it was interrupted"
        self._unsettled = False
        return content

    def _restore(self, told: int) -> "NoReturn":
        code = 1
        try:
            if self._ruleset >= 0:
                enter(self._ruleset)
            changed = GitGuard(self._jail["guarded"], self._kept).restore()
            more = ["…"] if len(changed) > MOST_NAMED else []
            os.write(told, ", ".join(changed[:MOST_NAMED] + more).encode(errors="replace"))
            code = 0
        except OSError as problem:
            os.write(told, f"! {problem}".encode(errors="replace"))
            code = 0
        finally:
            os._exit(code)


def _listen(port: int, asker: int) -> bytes:
    """Listen in the jail's own network, and hand the socket to the caller: nothing of it stays here."""
    with socket.socket(fileno=asker) as channel:
        try:
            with socket.create_server(("127.0.0.1", port)) as listening:
                socket.send_fds(channel, [framed(b"here")], [listening.fileno()])
        except OSError as problem:
            return f"{problem}".encode(errors="replace")
    return b"listening"


def _confine(jail: "Jail") -> int:
    """Give up what no command needs; return the rules that commands enter, or a negative number.

    The server itself stays outside of these rules: so commands can neither signal it nor look into it.
    """
    if ADOPTS:
        LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        adopt()
    set_limits(jail["limits"])
    ruleset = -1
    if jail["handled"]:
        ruleset = rule_set(jail["handled"], jail["rules"], jail["file_rights"])
    if jail["kind"] == "landlock":
        drop_capabilities()
    if jail["kind"] != "off":
        no_new_privileges()
    if jail["seccomp"]:
        restrict_calls(jail["seccomp"])
    return ruleset


def main() -> None:
    """Serve over the socket whose descriptor is the last argument."""
    control = socket.socket(fileno=int(sys.argv[-1]))
    control.set_inheritable(False)
    message = receive(control)
    if message is None:
        return
    try:
        server = Server(control, marshal.loads(message[0]))  # noqa: S302 - from our own caller
    except OSError as problem:
        control.sendall(framed(f"failed {problem}".encode(errors="replace")))
        return
    control.sendall(framed(b"ready"))
    server.serve()
    os._exit(0)

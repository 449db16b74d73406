"""One lane: runs commands one after the other, and ends whatever each of them started.

Landlock's rules are a thread's. The thread that starts commands has entered them, so that a command can be
started without a copy of this process; the main thread has not, and so it can see and kill what is left over.
"""

import _thread
import marshal
import os
import socket
import sys

from .confine import LIBC, enter
from .supervise import none_left, supervise, sweep, sweep_group
from .wire import framed, receive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from callboard.sandbox.commands.launcher.task import Order

PR_SET_CHILD_SUBREAPER = 36
ADOPTS = sys.platform == "linux"
LONGEST_REASON = 2000


def adopt() -> None:
    """Become the parent of whatever processes below this one lose theirs."""
    if ADOPTS:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Lane:
    """Serves one channel. `busy` is set while a command is under way.

    It stays set where nobody took the answer, or there was none: then it is the server that tidies up.
    """

    def __init__(self, channel: socket.socket, ruleset: int, busy: "memoryview") -> None:
        self._channel = channel
        self._ruleset = ruleset
        self._busy = busy
        self._main = 0
        self._status: int | None = None
        self._asked, self._answered = _thread.allocate_lock(), _thread.allocate_lock()
        self._asked.acquire()
        self._answered.acquire()

    def serve(self) -> "NoReturn":
        """Run what comes over the channel until it closes. This thread sweeps when it is asked to."""
        adopt()
        _thread.start_new_thread(self._work, ())
        while True:
            self._asked.acquire()
            self._status = sweep(self._main) if ADOPTS else sweep_group(self._main)
            self._answered.release()

    def _work(self) -> None:
        try:
            if self._ruleset >= 0:
                enter(self._ruleset)
            while self._next():
                pass
        finally:
            os._exit(0)

    def _next(self) -> bool:
        message = receive(self._channel)
        if message is None:
            return False
        content, outputs = message
        self._busy[0] = 1
        answer, broken = self._perform(marshal.loads(content), outputs)  # noqa: S302 - from our own caller
        self._channel.sendall(framed(answer))
        self._busy[0] = 0
        return not broken

    def _perform(self, order: "Order", outputs: "list[int]") -> "tuple[bytes, bool]":
        """Run one command to its end, or to that of the channel; return what to answer, and whether it was cut.

        The answer is `exit N`, `killed N` or `failed REASON`; where it failed, nothing was run.
        """
        try:
            self._main = start(order, outputs)
        except (OSError, ValueError, IndexError) as problem:
            reason = (str(problem) or "no command")[:LONGEST_REASON]
            return f"failed {reason}".encode(errors="replace"), False
        finally:
            for output in outputs:
                os.close(output)
        status, broken = supervise(self._main, self._channel.fileno(), adopts=ADOPTS)
        if status is None or not ADOPTS or not none_left():
            self._asked.release()
            self._answered.acquire()
            late = self._status
            status = status if late is None or status is not None else late
        code = os.waitstatus_to_exitcode(9 if status is None else status)
        return f"{'killed' if broken else 'exit'} {code}".encode(), broken


def start(order: "Order", outputs: "list[int]") -> int:
    """Start a command in a session of its own; return its process id.

    Raises:
        OSError: it is not there or cannot be executed.
    """
    os.chdir(order["cwd"])
    argv, env = order["argv"], order["env"]
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, outputs[0], 1),
        (os.POSIX_SPAWN_DUP2, outputs[-1], 2),
    ]
    return os.posix_spawn(found(argv[0], env), argv, env, file_actions=streams, setsid=True)


def found(program: str, env: "dict[str, str]") -> str:
    """Return the path of a program in `env`'s PATH, or what was given."""
    if "/" not in program:
        for place in env.get("PATH", "").split(":"):
            path = f"{place}/{program}"
            if os.access(path, os.X_OK):
                return path
    return program

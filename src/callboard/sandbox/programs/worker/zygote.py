"""The process that workers are forked from. It never sees a byte of a program."""

import base64
import gc
import json
import os
import select
import socket
import sys
from contextlib import suppress
from typing import NoReturn

from callboard.sandbox.programs.worker import preload
from callboard.sandbox.programs.worker.boundary import Boundary
from callboard.sandbox.programs.worker.confine import (
    CHANNEL,
    bound_memory,
    confine,
    die_with,
    hide,
    keep_only,
)
from callboard.sandbox.programs.worker.serve import serve

_SIGKILL = 9
_POLL_MS = 1000
_LONGEST_BOUNDARY = 1 << 16


class Zygote:
    """Forks a worker for every socket that comes over `control`, until that is closed.

    The answer to a socket is a process id of four bytes, with a descriptor of the process where the
    system has such a thing.
    """

    def __init__(self, control: socket.socket, boundary: Boundary) -> None:
        self._control = control
        self._boundary = boundary
        self._calls = base64.b64decode(boundary["calls"])
        self._children: dict[
            int, int
        ] = {}  # descriptor: process id; negative ones where there is none
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN | select.POLLHUP)

    def run(self) -> None:
        """Serve until the caller is gone."""
        own = self._control.fileno()
        while True:
            ready = {fd for fd, _ in self._poll.poll(_POLL_MS if self._blind() else None)}
            self._reap(ready)
            if own in ready and not self._fork():
                return

    def _blind(self) -> bool:
        return any(fd < 0 for fd in self._children)

    def _reap(self, ready: set[int]) -> None:
        for fd, pid in list(self._children.items()):
            if fd in ready or fd < 0:
                gone, _ = os.waitpid(pid, os.WNOHANG)
                if gone:
                    self._forget(fd)

    def _forget(self, fd: int) -> None:
        del self._children[fd]
        if fd >= 0:
            self._poll.unregister(fd)
            os.close(fd)

    def _fork(self) -> bool:
        """Return whether the caller is still there."""
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not descriptors:
            return False
        channel = descriptors[0]
        own = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_worker(channel, own)
        os.close(channel)
        self._answer(pid)
        return True

    def _answer(self, pid: int) -> None:
        message = pid.to_bytes(4, "little")
        if sys.platform == "linux":
            fd = os.pidfd_open(pid)
            self._children[fd] = pid
            self._poll.register(fd, select.POLLIN)
            socket.send_fds(self._control, [message], [fd])
        else:
            self._children[-pid] = pid
            self._control.sendall(message)

    def _become_worker(self, channel: int, zygote: int) -> NoReturn:
        try:
            die_with(zygote)
            keep_only(channel, max([channel, self._control.fileno(), *self._children]))
            bound_memory(self._boundary["memory"])
            if self._boundary["confined"]:
                confine(self._boundary["handled"], self._calls)
            serve(self._boundary)
        except OSError as problem:
            os.write(CHANNEL, json.dumps({"problem": str(problem)}).encode() + b"\n")
        finally:
            os._exit(1)

    def end_workers(self) -> None:
        """Kill what still runs and wait for it."""
        for pid in self._children.values():
            with suppress(ProcessLookupError):
                os.kill(pid, _SIGKILL)
        for pid in self._children.values():
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def main(descriptor: int) -> None:
    """Run on a socket that is inherited: read the boundary, answer with a line, serve."""
    with socket.socket(fileno=descriptor) as control:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - positional only
        boundary: Boundary = json.loads(_line(control))
        try:
            preload.load(typescript=boundary["typescript"])
            hide()
        except (ImportError, OSError) as problem:
            control.sendall(json.dumps({"problem": str(problem)}).encode() + b"\n")
            return
        gc.collect()
        gc.freeze()  # so that collections in the workers do not copy these pages
        control.sendall(b"{}\n")
        zygote = Zygote(control, boundary)
        try:
            zygote.run()
        finally:
            zygote.end_workers()


def _line(control: socket.socket) -> bytes:
    content = b""
    while not content.endswith(b"\n"):
        piece = control.recv(_LONGEST_BOUNDARY)
        if not piece:
            raise EOFError
        content += piece
    return content

"""What a worker can still do, found by trying. Run in place of a program, before any is trusted to it."""

import os
import socket
from collections.abc import Callable

_OWN_PROGRAM = "/proc/self/exe"


def open_doors() -> list[str]:
    """Return the names of the forbidden things that work."""
    return [name for name, attempt in _ATTEMPTS.items() if _works(attempt)]


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _exec() -> None:
    os.execve(_OWN_PROGRAM, [_OWN_PROGRAM, "-V"], {})  # noqa: S606 - it must fail


_ATTEMPTS: dict[str, Callable[[], object]] = {
    "reading files": lambda: os.open("/proc/self/environ", os.O_RDONLY),
    "listing directories": lambda: os.listdir("/"),  # noqa: PTH208 - pathlib is not loaded
    "making files": lambda: os.open("/tmp/callboard-probe", os.O_CREAT),  # noqa: S108
    "memory files": lambda: os.memfd_create("probe") if hasattr(os, "memfd_create") else _absent(),
    "local sockets": lambda: socket.socket(socket.AF_UNIX),
    "network sockets": lambda: socket.socket(socket.AF_INET),
    "pipes": os.pipe,
    "signals": lambda: os.kill(os.getppid(), 0),
    "processes": _fork,
    "programs": _exec,
}


def _absent() -> None:
    raise OSError

"""What a worker gives up before it reads the first byte of a program."""

import os
import resource
import sys

from callboard.sandbox.commands.launcher.confine import (
    LIBC,
    checked,
    drop_capabilities,
    no_new_privileges,
    restrict_calls,
    restrict_files,
)

CHANNEL = 3
"""The worker's only descriptor."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _SIGKILL = 1, 4, 9


def die_with(parent: int) -> None:
    """Make the kernel end this process when the zygote ends."""
    if sys.platform != "linux":
        return
    LIBC.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        os._exit(1)


def hide() -> None:
    """Keep other processes of the same user out of this one's memory."""
    if sys.platform == "linux":
        checked(LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable")


def keep_only(channel: int, highest: int) -> None:
    """Close every descriptor but one, which becomes `CHANNEL`."""
    if channel != CHANNEL:
        os.dup2(channel, CHANNEL)
    os.closerange(0, CHANNEL)
    os.closerange(CHANNEL + 1, highest + 1)
    sys.stdin = sys.stdout = sys.stderr = None


def bound_memory(memory: int) -> None:
    """Allow so many bytes of memory on top of what is in use, and no dump of it."""
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123 - pathlib is slow
            pages = int(file.read().split()[0])
        _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)


def confine(handled: list[int], calls: bytes) -> None:
    """Give up files, the network, other processes and most system calls, for good.

    Raises:
        OSError: the kernel refuses one of the steps; nothing may be run then.
    """
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    drop_capabilities(keep=0)
    no_new_privileges()
    restrict_files(handled, [], 0)
    _limit(resource.RLIMIT_NOFILE, 0)
    restrict_calls(calls)


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))

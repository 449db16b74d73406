"""The system calls that a worker may make once it is confined: memory, its socket, the clock, its end.

A list of what is allowed, unlike the one for commands: an interpreter that has loaded everything needs
next to nothing. There is no call to open, make, duplicate or pass a descriptor, to start or signal a
process or a thread, and no way to make memory executable.
"""

import errno
import platform
from dataclasses import dataclass

from callboard.sandbox.commands.bpf import (
    ALLOW,
    ANY_BIT,
    ARCHITECTURE,
    EQUAL,
    ERRNO,
    KILL,
    NUMBER,
    argument,
    call,
    load,
    returning,
    unless,
    when,
)

_EXECUTABLE = 4  # PROT_EXEC
_PROTECTION = 2  # the argument of mmap and mprotect that holds it


@dataclass(frozen=True, slots=True)
class _Machine:
    """An architecture: its audit number, and the numbers of the calls."""

    audit: int
    allowed: tuple[int, ...]
    maps: tuple[int, int]


# In both tables: read, write, munmap, brk, rt_sigprocmask, rt_sigreturn, sched_yield, mremap, madvise,
# exit, gettimeofday, futex, restart_syscall, clock_gettime, exit_group; then mmap and mprotect.
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        allowed=(0, 1, 11, 12, 14, 15, 24, 25, 28, 60, 96, 202, 219, 228, 231),
        maps=(9, 10),
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        allowed=(63, 64, 215, 214, 135, 139, 124, 216, 233, 93, 169, 98, 128, 113, 94),
        maps=(222, 226),
    ),
}


def allowing(machine: str = "") -> bytes:
    """Return a filter for `machine` (default: this one) that refuses all other calls."""
    known = _MACHINES[machine or platform.machine()]
    refuse = ERRNO | errno.EPERM
    executable = [*argument(_PROTECTION), *when(ANY_BIT, _EXECUTABLE, refuse), returning(ALLOW)]
    lines = [*load(ARCHITECTURE), *unless(EQUAL, known.audit, KILL), *load(NUMBER)]
    for number in known.allowed:
        lines += when(EQUAL, number, ALLOW)
    for number in known.maps:
        lines += call(number, executable)
    return b"".join([*lines, returning(refuse)])

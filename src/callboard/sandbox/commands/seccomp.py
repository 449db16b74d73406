"""A filter of system calls as a classic BPF program: what no build, test or editor needs is refused."""

import errno
import platform
import sys
from dataclasses import dataclass

from callboard.sandbox.commands.bpf import (
    ALLOW,
    ANY_BIT,
    ARCHITECTURE,
    AT_LEAST,
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

_X32_CALLS = 0x40000000
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW{CGROUP,UTS,IPC,USER,PID,NET}, NEWNS and NEWTIME
_AF_UNIX, _AF_INET = 1, 2
_STREAM = 1
_NOT_STREAM = 0xFFF7F7FE  # every bit but that of streams and the flags NONBLOCK and CLOEXEC
_TCP = (0, 6)
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX


@dataclass(frozen=True, slots=True)
class _Machine:
    """An architecture: its audit number, and the numbers of system calls."""

    audit: int
    forbidden: tuple[int, ...]
    clone: int
    clone3: int
    ioctl: int
    prlimit: int
    socket: int


_COMMON = (  # numbered alike since 5.1: io_uring, the mount family, pidfd_getfd, process_madvise …
    *(425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 440, 442, 443, 447, 448, 457, 458, 467),
)
_X86_64 = _Machine(
    audit=0xC000003E,
    forbidden=(
        *(101, 103, 134, 135, 153, 154, 155, 156, 159, 161, 163, 164, 165, 166, 167, 168, 169),
        *(170, 171, 172, 173, 174, 175, 176, 177, 178, 179, 180, 212, 227, 246, 248, 249, 250),
        *(256, 272, 279, 298, 300, 301, 303, 304, 305, 308, 310, 311, 312, 313, 320, 321, 323),
        *_COMMON,
    ),
    clone=56,
    clone3=435,
    ioctl=16,
    prlimit=302,
    socket=41,
)
_AARCH64 = _Machine(
    audit=0xC00000B7,
    forbidden=(
        *(18, 39, 40, 41, 42, 51, 58, 60, 89, 92, 97, 104, 105, 106, 112, 116, 117, 142, 161),
        *(162, 170, 171, 217, 218, 219, 224, 225, 238, 239, 241, 262, 264, 265, 266, 268, 270),
        *(271, 272, 273, 280, 282, 294),
        *_COMMON,
    ),
    clone=220,
    clone3=435,
    ioctl=29,
    prlimit=261,
    socket=198,
)
_MACHINES = {"x86_64": _X86_64, "aarch64": _AARCH64}


def supported() -> bool:
    """Whether a filter can be built for this machine."""
    return sys.platform == "linux" and platform.machine() in _MACHINES


def program(*, unix_sockets: bool, tcp: bool = False, machine: str = "") -> bytes:
    """Return a filter for `machine` (default: this one).

    `unix_sockets`: local sockets may be made, for confinements that hide the host's; `socketpair` always
    works. `tcp`: so may TCP sockets, for confinements with a network of their own. All others are refused.
    """
    known = _MACHINES[machine or platform.machine()]
    refuse = ERRNO | errno.EPERM
    lines = [
        *load(ARCHITECTURE),
        *unless(EQUAL, known.audit, KILL),
        *load(NUMBER),
        *when(AT_LEAST, _X32_CALLS, refuse),
        # glibc falls back to clone, whose flags a filter can see
        *when(EQUAL, known.clone3, ERRNO | errno.ENOSYS),
    ]
    for number in known.forbidden:
        lines += when(EQUAL, number, refuse)
    lines += call(known.clone, [*argument(0), *when(ANY_BIT, _NEW_NAMESPACES, refuse)])
    lines += call(known.prlimit, [*argument(0), *unless(EQUAL, 0, refuse)])
    lines += call(known.socket, _socket_rule(refuse, unix_sockets=unix_sockets, tcp=tcp))
    injection = [line for number in _TERMINAL_INJECTION for line in when(EQUAL, number, refuse)]
    lines += call(known.ioctl, [*argument(1), *injection])
    return b"".join([*lines, returning(ALLOW)])


def _socket_rule(refuse: int, *, unix_sockets: bool, tcp: bool) -> list[bytes]:
    lines = argument(0)
    if unix_sockets:
        lines += when(EQUAL, _AF_UNIX, ALLOW)
    if tcp:
        lines += unless(EQUAL, _AF_INET, refuse)
        lines += [*argument(1), *when(ANY_BIT, _NOT_STREAM, refuse)]
        lines += [*unless(ANY_BIT, _STREAM, refuse), *argument(2)]
        for protocol in _TCP:
            lines += when(EQUAL, protocol, ALLOW)
    return [*lines, returning(refuse)]

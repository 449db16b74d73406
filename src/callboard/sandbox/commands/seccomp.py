"""A filter of system calls as a classic BPF program: what no build, test or editor needs is refused."""

import errno
import platform
import struct
import sys
from dataclasses import dataclass

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32_CALLS = 0x40000000
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEW{CGROUP,UTS,IPC,USER,PID,NET}, NEWNS and NEWTIME
_AF_UNIX = 1
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


def program(*, unix_sockets: bool, machine: str = "") -> bytes:
    """Return a filter for `machine` (default: this one).

    `unix_sockets`: local sockets may be made, for confinements that hide the host's; `socketpair` always
    works. Sockets of other families, the network's among them, are refused.
    """
    known = _MACHINES[machine or platform.machine()]
    refuse = _ERRNO | errno.EPERM
    lines = [
        *_load(_ARCHITECTURE),
        *_unless(_JUMP_EQUAL, known.audit, _KILL),
        *_load(_NUMBER),
        *_when(_JUMP_GREATER_EQUAL, _X32_CALLS, refuse),
        # glibc falls back to clone, whose flags a filter can see
        *_when(_JUMP_EQUAL, known.clone3, _ERRNO | errno.ENOSYS),
    ]
    for number in known.forbidden:
        lines += _when(_JUMP_EQUAL, number, refuse)
    lines += _call(known.clone, [*_argument(0), *_when(_JUMP_ANY_BIT, _NEW_NAMESPACES, refuse)])
    lines += _call(known.prlimit, [*_argument(0), *_unless(_JUMP_EQUAL, 0, refuse)])
    lines += _call(known.socket, _socket_rule(refuse, unix_sockets=unix_sockets))
    injection = [
        line for number in _TERMINAL_INJECTION for line in _when(_JUMP_EQUAL, number, refuse)
    ]
    lines += _call(known.ioctl, [*_argument(1), *injection])
    return b"".join([*lines, _instruction(_RETURN, _ALLOW)])


def _socket_rule(refuse: int, *, unix_sockets: bool) -> list[bytes]:
    if unix_sockets:
        return [*_argument(0), *_unless(_JUMP_EQUAL, _AF_UNIX, refuse)]
    return [_instruction(_RETURN, refuse)]


def _instruction(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, true, false, value)


def _load(offset: int) -> list[bytes]:
    return [_instruction(_LOAD, offset)]


def _argument(index: int) -> list[bytes]:
    """Load the lower half of an argument (both machines are little endian)."""
    return _load(_ARGUMENTS + 8 * index)


def _when(test: int, value: int, verdict: int) -> list[bytes]:
    return [_instruction(test, value, 0, 1), _instruction(_RETURN, verdict)]


def _unless(test: int, value: int, verdict: int) -> list[bytes]:
    return [_instruction(test, value, 1, 0), _instruction(_RETURN, verdict)]


def _call(number: int, body: list[bytes]) -> list[bytes]:
    """Run `body` for one system call; afterwards the number is loaded again."""
    return [_instruction(_JUMP_EQUAL, number, 0, len(body)), *body, *_load(_NUMBER)]

"""The policy as landlock rules. The kernel interface is in the launcher; here is what we ask of it."""

import ctypes
import sys

from callboard.sandbox.commands.policy import DEVICES, ETC_READ_ONLY, SYSTEM_READ_ONLY, Policy

NEEDED_VERSION = 6
"""Linux 6.12. Older versions let a command signal any process of the same user, ours included."""

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_SYM = 1 << 7, 1 << 8, 1 << 9, 1 << 10, 1 << 12
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

ALL_FILE_ACCESS = (1 << 16) - 1
ALL_NETWORK = 0b11  # bind and connect of TCP
ALL_SCOPES = 0b11  # abstract unix sockets and signals
FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_READ = _EXECUTE | _READ_FILE | _READ_DIR
_CHANGE = _WRITE_FILE | _TRUNCATE | _REFER | _REMOVE_DIR | _REMOVE_FILE
_MAKE = _MAKE_DIR | _MAKE_REG | _MAKE_SOCK | _MAKE_FIFO | _MAKE_SYM
_WRITE = _READ | _CHANGE | _MAKE
_DEVICE = _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV

HANDLED = (ALL_FILE_ACCESS, ALL_NETWORK, ALL_SCOPES)
SCOPES_ONLY = (0, 0, ALL_SCOPES)
"""Beside namespaces, which bound everything else: signals stay among the processes of one command."""

_CREATE_RULESET, _VERSION = 444, 1


def version() -> int:
    """Return the kernel's landlock version, 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION))


def rules(policy: Policy) -> list[tuple[str, int]]:
    """Return pairs of path and rights; rights add up along a path, nothing else is accessible."""
    read_only = (*SYSTEM_READ_ONLY, *ETC_READ_ONLY, *policy.read_only)
    return [
        *((path, _READ) for path in read_only),
        *((path, _DEVICE) for path in DEVICES),
        (policy.root, _WRITE if policy.writable_root else _READ),
        (policy.temporary, _WRITE),
    ]

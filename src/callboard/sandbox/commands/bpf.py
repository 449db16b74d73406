"""Lines of a classic BPF program over a system call, as a seccomp filter runs it."""

import struct

EQUAL, AT_LEAST, ANY_BIT = 0x15, 0x35, 0x45
"""Tests of the loaded word against a value."""

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
"""Verdicts; an error's number is added to `ERRNO`."""

NUMBER, ARCHITECTURE = 0, 4
"""What can be loaded, beside arguments."""

_ARGUMENTS = 16
_LOAD, _RETURN = 0x20, 0x06


def returning(verdict: int) -> bytes:
    """End with a verdict."""
    return _instruction(_RETURN, verdict)


def load(offset: int) -> list[bytes]:
    """Load a word of the call."""
    return [_instruction(_LOAD, offset)]


def argument(index: int) -> list[bytes]:
    """Load the lower half of an argument (all machines here are little endian)."""
    return load(_ARGUMENTS + 8 * index)


def when(test: int, value: int, verdict: int) -> list[bytes]:
    """End with a verdict if the test holds."""
    return [_instruction(test, value, 0, 1), returning(verdict)]


def unless(test: int, value: int, verdict: int) -> list[bytes]:
    """End with a verdict if the test does not hold."""
    return [_instruction(test, value, 1, 0), returning(verdict)]


def call(number: int, body: list[bytes]) -> list[bytes]:
    """Run `body` for one system call; afterwards the number is loaded again."""
    return [_instruction(EQUAL, number, 0, len(body)), *body, *load(NUMBER)]


def _instruction(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, true, false, value)

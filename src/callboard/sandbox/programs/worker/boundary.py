"""What the zygote is told about its workers, once."""

from typing import TypedDict


class Boundary(TypedDict):
    """A line of JSON.

    Attributes:
        confined: False only where the user has opted out.
        memory: bytes that a program may take.
        frame: the longest line of the protocol, in bytes.
        log_lines: the most lines of one step.
        handled: landlock's rights on files, on the network, and scopes.
        calls: a filter of system calls, base 64.
        typescript: whether the linker is loaded as well.
    """

    confined: bool
    memory: int
    frame: int
    log_lines: int
    handled: list[int]
    calls: str
    typescript: bool

"""What the launcher is told, as the caller writes it."""

from typing import Literal, TypedDict


class Task(TypedDict):
    """One command.

    Attributes:
        kind: how it is confined.
        argv: program and arguments; the program is looked up in `env`'s PATH.
        env: the whole environment.
        cwd: absolute directory.
        status: descriptor that the outcome is written to.
        guarded: the workspace whose `.git` control files must come out unchanged, or empty.
        limits: resource limits by the names of the `resource` module.
        seccomp: a filter program.
        handled: landlock's rights on files, on the network, and scopes; empty: no landlock.
        rules: landlock's pairs of path and rights.
        file_rights: those rights that make sense on a file.
        program: bubblewrap's path.
        bubblewrap: its arguments, NUL separated.
    """

    kind: Literal["landlock", "bubblewrap", "off"]
    argv: list[str]
    env: dict[str, str]
    cwd: str
    status: int
    guarded: str
    limits: dict[str, int]
    seccomp: bytes
    handled: list[int]
    rules: list[tuple[str, int]]
    file_rights: int
    program: str
    bubblewrap: bytes

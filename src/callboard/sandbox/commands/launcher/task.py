"""What the server is told, as the caller writes it."""

from typing import Literal, TypedDict


class Jail(TypedDict):
    """The confinement that all commands of a server share.

    Attributes:
        kind: how it is confined.
        guarded: the workspace whose `.git` control files must come out unchanged, or empty.
        limits: resource limits by the names of the `resource` module.
        seccomp: a filter program to install; empty where bubblewrap has done it.
        handled: landlock's rights on files, on the network, and scopes; empty: no landlock.
        rules: landlock's pairs of path and rights.
        file_rights: those rights that make sense on a file.
    """

    kind: Literal["landlock", "bubblewrap", "off"]
    guarded: str
    limits: dict[str, int]
    seccomp: bytes
    handled: list[int]
    rules: list[tuple[str, int]]
    file_rights: int


class Order(TypedDict):
    """One command.

    Attributes:
        argv: program and arguments; the program is looked up in `env`'s PATH.
        env: the whole environment.
        cwd: absolute directory.
    """

    argv: list[str]
    env: dict[str, str]
    cwd: str

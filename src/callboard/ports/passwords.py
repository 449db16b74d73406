"""Passwords, and chance that nobody can guess."""

from typing import Protocol


class Passwords(Protocol):
    """Makes and checks what is kept of passwords. Both take a noticeable time on purpose."""

    async def hashed(self, password: str) -> str:
        """Return what is kept of a password."""
        ...

    async def fits(self, password: str, kept: str | None) -> bool:
        """Return whether a password is the one that was kept. Where nothing was kept (None) the same work is done,
        and the answer is no: nobody learns from the time whether there is a person of a name.
        """
        ...


class Chance(Protocol):
    """What nobody can guess."""

    def secret(self) -> str:
        """Return 32 random bytes as text of `[A-Za-z0-9_-]`."""
        ...

"""Passwords and chance, for those who sign in."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callboard.ports.passwords import Chance, Passwords


class PasswordsOnDemand:
    """`callboard.ports.passwords.Passwords` that are loaded when the first one comes."""

    def __init__(self) -> None:
        self._passwords: Passwords | None = None

    async def hashed(self, password: str) -> str:
        """See `ports.passwords.Passwords`."""
        return await self._loaded().hashed(password)

    async def fits(self, password: str, kept: str | None) -> bool:
        """See `ports.passwords.Passwords`."""
        return await self._loaded().fits(password, kept)

    def _loaded(self) -> "Passwords":
        if self._passwords is None:
            from callboard.vault.passwords import Argon2Passwords

            self._passwords = Argon2Passwords()
        return self._passwords


def chance() -> "Chance":
    """Return the chance of the operating system."""
    from callboard.vault.chance import SystemChance

    return SystemChance()

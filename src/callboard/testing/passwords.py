"""Passwords that cost nothing, and what every keeper of passwords must do."""

import hashlib

import pytest

from callboard.ports.passwords import Passwords


class PlainPasswords:
    """Keeps a digest. `asked` is what was kept of each password that was checked, in order."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    async def hashed(self, password: str) -> str:
        """Return a digest."""
        return f"plain${hashlib.sha256(password.encode()).hexdigest()}"

    async def fits(self, password: str, kept: str | None) -> bool:
        """Compare digests."""
        self.asked.append(kept)
        return kept is not None and kept == await self.hashed(password)


class CountingChance:
    """Secrets that count; of the length of real ones."""

    def __init__(self) -> None:
        self._count = 0

    def secret(self) -> str:
        """Return the next one."""
        self._count += 1
        return f"secret-{self._count}".ljust(43, "-")


class PasswordsContract:
    """Subclass it, and give a fixture `passwords`."""

    @pytest.mark.anyio
    async def test_a_password_fits_what_was_kept_of_it_and_no_other_does(
        self, passwords: Passwords
    ) -> None:
        """One password fits."""
        kept = await passwords.hashed("correct horse")
        assert await passwords.fits("correct horse", kept)
        assert not await passwords.fits("correct horse ", kept)
        assert not await passwords.fits("", kept)

    @pytest.mark.anyio
    async def test_what_is_kept_does_not_hold_the_password(self, passwords: Passwords) -> None:
        """It is not in there."""
        assert "correct horse" not in await passwords.hashed("correct horse")

    @pytest.mark.anyio
    async def test_nothing_fits_where_nothing_was_kept(self, passwords: Passwords) -> None:
        """There is nothing to fit."""
        assert not await passwords.fits("correct horse", None)
        assert not await passwords.fits("", None)

    @pytest.mark.anyio
    async def test_what_is_no_hash_fits_nothing(self, passwords: Passwords) -> None:
        """A damaged record lets nobody in."""
        assert not await passwords.fits("correct horse", "correct horse")

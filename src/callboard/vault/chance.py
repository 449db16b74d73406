"""Chance that nobody can guess."""

import secrets


class SystemChance:
    """`callboard.ports.passwords.Chance` of the operating system."""

    def secret(self) -> str:
        """See `ports.passwords.Chance`."""
        return secrets.token_urlsafe(32)

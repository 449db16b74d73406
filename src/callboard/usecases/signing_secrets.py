"""Secrets that sign messages: made here or given, kept by the vault, told once."""

import base64

from pydantic import SecretStr

from callboard.domain.actor import Actor
from callboard.domain.credential import ORG
from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.webhook_signatures import PREFIX, secret_key, secret_text
from callboard.ports.vault import Grant
from callboard.usecases.app import App

PROVIDER = "webhook"
"""What such a credential opens: no model, and no host of a command."""


async def keep_secret(
    app: App, name: str, actor: Actor, given: SecretStr | None = None
) -> SecretStr:
    """Store a secret under a name, a new one where none is given, and return it: this once.

    Raises:
        ConfigurationInvalid: what is given is no secret of Standard Webhooks.
    """
    secret = given or SecretStr(secret_text(_new_key(app)))
    if secret_key(secret.get_secret_value()) is None:
        raise ConfigurationInvalid(
            f"the secret must be 24 to 64 bytes in base64, usually after {PREFIX!r}"
        )
    await app.vault.set(Grant(name, ORG, PROVIDER), secret, actor)
    return secret


async def keys_of(app: App, *names: str) -> list[bytes]:
    """Return the keys of those names that are stored, in their order."""
    stored = {one.name: one for one in await app.vault.list() if one.scope == ORG}
    found: list[bytes] = []
    for name in names:
        if name in stored:
            secret = await app.vault.secret_for(stored[name])
            key = secret_key(secret.get_secret_value())
            found += [key] if key is not None else []
    return found


async def forget_secret(app: App, name: str) -> None:
    """Take a secret away; nothing happens where it is gone."""
    await app.vault.remove(name, ORG)


def _new_key(app: App) -> bytes:
    return base64.urlsafe_b64decode(f"{app.chance.secret()}=")

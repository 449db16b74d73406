"""Credentials that go with requests of commands, and are never seen by one."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from callboard.domain.credential import Credential
from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.command_credentials import Endpoint, for_request
from callboard.engine.hosts import authority
from callboard.ports.vault import Vault
from callboard.web_access.egress.heads import Head
from callboard.web_access.egress.proxy import Destination

_USUAL = {True: 443, False: 80}


@dataclass(frozen=True, slots=True)
class Bearer:
    """A credential for one request, found and not yet opened."""

    credential: Credential
    endpoint: Endpoint
    bearers: "Bearers"

    async def destination(self, head: Head, addresses: Sequence[str]) -> Destination:
        """Return where the request goes, with the value in its `Authorization`.

        The answer is asked for without compression, so that a server that shows the value back shows asterisks.

        Raises:
            ConfigurationInvalid: the value does not open, or is none that a field could hold.
        """
        if head.method == "TRACE":
            raise ConfigurationInvalid("a request that is shown back takes no credential along")
        value = await self.bearers.value(self.credential)
        there = self.endpoint
        named = authority(there.host, there.port, _USUAL[there.tls])
        more = (("Authorization", f"Bearer {value}"), ("Accept-Encoding", "identity"))
        return Destination(
            addresses,
            there.port,
            head.opening(named, more),
            tls=await self.bearers.trusted() if there.tls else None,
            name=there.host if there.tls else None,
            hidden=value.encode("ascii"),
        )


class Bearers:
    """The credentials of `command-host` in a vault; asked anew for every request, so that a rotation counts at once."""

    def __init__(self, vault: Vault, trust: Callable[[], ssl.SSLContext]) -> None:
        self._vault = vault
        self._trust = trust
        self._context: ssl.SSLContext | None = None

    async def find(self, host: str, port: int) -> Bearer | None:
        """Return the credential for a plain request to a canonical host, or None.

        Raises:
            CallboardError: there are several, or the vault cannot be read.
        """
        found = for_request(await self._vault.list(), host, port)
        return None if found is None else Bearer(*found, self)

    async def value(self, credential: Credential) -> str:
        """Return the value of a credential.

        Raises:
            ConfigurationInvalid: it does not open, or no field of a request could hold it.
        """
        value = (await self._vault.secret_for(credential)).get_secret_value()
        if not (value.isascii() and value.isprintable() and " " not in value):
            raise ConfigurationInvalid(
                f"the value of {credential} cannot be sent as a bearer token"
            )
        return value

    async def trusted(self) -> ssl.SSLContext:
        """Return what the certificates of servers are checked with."""
        if self._context is None:
            self._context = await asyncio.to_thread(self._trust)
        return self._context

"""Which stored credential a proxy adds to the requests of commands. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from callboard.domain.credential import ORG, Credential, Scope
from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.hosts import authority, canonical_host

COMMAND_HOST: Final = "command-host"
"""The provider of credentials that are for requests of commands."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a credential is sent to: a canonical host, a port, and whether TLS is spoken there."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        """Return host and port as they are listed."""
        return authority(self.host, self.port)


def endpoint_of(base_url: str | None) -> Endpoint:
    """Return what a base URL stands for.

    Raises:
        ValueError: it is no `https://HOST[:PORT]` or `http://HOST[:PORT]`.
    """
    parts = urlsplit(base_url or "")
    usual = _PORTS.get(parts.scheme)
    if (
        usual is None
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ValueError("not an address of a whole host")
    port = parts.port or usual
    return Endpoint(canonical_host(parts.hostname or ""), port, tls=parts.scheme == "https")


def check_grant(base_url: str | None, scope: Scope) -> None:
    """Refuse what no proxy could use.

    Raises:
        ConfigurationInvalid: says which part, and what it should be.
    """
    try:
        endpoint_of(base_url)
    except ValueError:
        raise ConfigurationInvalid(
            f"--provider {COMMAND_HOST} needs --base-url https://HOST or https://HOST:PORT, without a path: the"
            " host that the value is sent to"
        ) from None
    if scope != ORG:
        raise ConfigurationInvalid(
            f"--scope {scope}: commands of all agents share what --provider {COMMAND_HOST} is for; leave --scope"
            " out"
        )


def of_commands(credentials: Sequence[Credential]) -> list[tuple[Credential, Endpoint]]:
    """Return the credentials that are for requests of commands, each with where it is sent to."""
    found: list[tuple[Credential, Endpoint]] = []
    for credential in credentials:
        if credential.provider == COMMAND_HOST and credential.scope == ORG:
            try:
                found.append((credential, endpoint_of(credential.base_url)))
            except ValueError:
                continue  # stored before this was checked
    return found


def for_request(
    credentials: Sequence[Credential], host: str, port: int
) -> tuple[Credential, Endpoint] | None:
    """Return the credential for a plain request to a canonical host, and where it is sent to; None: there is none.

    A request without a port, which is to 80, means the one of the credential.

    Raises:
        ConfigurationInvalid: there are several.
    """
    found = [
        (credential, endpoint)
        for credential, endpoint in of_commands(credentials)
        if endpoint.host == host and port in {endpoint.port, _PORTS["http"]}
    ]
    if len(found) > 1:
        names = ", ".join(sorted(credential.name for credential, _ in found))
        raise ConfigurationInvalid(
            f"several credentials are stored for {host} ({names}); remove all but one"
        )
    return found[0] if found else None

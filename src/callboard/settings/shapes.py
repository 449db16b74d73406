"""What a process can be told from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from callboard.engine.command_hosts import CommandHosts
from callboard.engine.mail_server import MailServer
from callboard.engine.monitored import TraceSettings

PROVIDERS = ("openrouter", "anthropic", "openai", "gemini")

Dispatching = Literal["embedded", "procrastinate", "dbos"]
DISPATCHING: tuple[Dispatching, ...] = ("embedded", "procrastinate", "dbos")
SearchService = Literal["searxng", "brave", "tavily", "exa"]
SEARCH_SERVICES: tuple[SearchService, ...] = ("searxng", "brave", "tavily", "exa")


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Key and address of one model provider; None where the environment names none."""

    api_key: SecretStr | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How the web is reached, where it is.

    `allow` holds `host` or `host:port` that may be reached although they are not public. `search` is the
    service in use, `search_url` or `search_key` what it needs. `browser_loopback`: the browser may be asked
    for pages of this machine.
    """

    allow: tuple[str, ...] = ()
    search: SearchService | None = None
    search_url: str | None = None
    search_key: SecretStr | None = None
    context7: ProviderSettings = field(default_factory=ProviderSettings)
    chromium: str | None = None
    browser_loopback: bool = True


@dataclass(frozen=True, slots=True)
class ServerDatabase:
    """A database on a PostgreSQL server, for any number of processes. `url` may hold a password. A process that is not
    heard of for `lease_s` seconds loses what it drives.
    """

    url: SecretStr
    lease_s: float = 30.0

    def password(self) -> SecretStr | None:
        """Return the password in the address, if there is one."""
        word = urlsplit(self.url.get_secret_value()).password
        return SecretStr(unquote(word)) if word else None

    def __str__(self) -> str:
        """Return where it is, without the password."""
        parts = urlsplit(self.url.get_secret_value())
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """The identity provider that vouches for people. `join`: whoever it knows becomes a member."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None = None
    join: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What this process was told from outside.

    `home` holds all state, `database` is an SQLite file (inside `home` unless told otherwise) or a server. `sandbox` is
    `required` unless somebody opted out in so many words. `patience_s` is how long an access waits, in seconds, for
    another process that holds the database. `user` is the name under which decisions are recorded. `vault_key` is
    the key of the vault where the environment has it; otherwise it may be in the keyring of the operating system
    where `keyring` allows that. `log_key` signs the log of runs; where the environment has none, a file in `home`
    does. `archive` is where runs are put away, a directory in `home` unless told otherwise. `command_hosts` is all that
    commands may reach. `mail` carries e-mail to people, where there is a server for it. `url` is the
    address at which people and programs reach a `callboard serve` that is not for this machine alone, `openid` the
    identity provider that vouches for them.
    `provider_runs` bounds how many runs of agents are under way on a provider at a time, over all workers.
    `probes` is where monitoring asks this process, `traces` where it sends its traces.
    `dispatcher` hands out work (None: what fits the database).
    `forge_command` hands finished changes on, in `forge_environment`: this one without Callboard's own variables and
    keys.
    """

    home: Path
    database: Path | ServerDatabase
    user: str
    sandbox: Literal["required", "off"] = "required"
    patience_s: float = 30.0
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict[str, ProviderSettings])
    web: WebSettings = field(default_factory=WebSettings)
    vault_key: SecretStr | None = None
    keyring: bool = True
    log_key: SecretStr | None = None
    archive: Path | None = None
    command_hosts: CommandHosts = field(default_factory=CommandHosts)
    mail: MailServer | None = None
    url: str | None = None
    openid: OpenIdSettings | None = None
    provider_runs: Mapping[str, int] = field(default_factory=dict[str, int])
    probes: tuple[str, int] | None = None
    traces: TraceSettings | None = None
    dispatcher: Dispatching | None = None
    forge_command: tuple[str, ...] = ()
    forge_environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def known_secrets(self) -> tuple[str, ...]:
        """Return the values of all keys in these settings: nothing that leaves may hold one."""
        keys = [provider.api_key for provider in self.providers.values()]
        keys += [self.web.search_key, self.web.context7.api_key, self.vault_key, self.log_key]
        keys += [None if self.openid is None else self.openid.client_secret]
        keys += [self.mail.password if self.mail is not None else None]
        keys += [None if isinstance(self.database, Path) else self.database.password()]
        return tuple(key.get_secret_value() for key in keys if key is not None)

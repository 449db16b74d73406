"""Settings, and the only module that reads the environment."""

import getpass
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import platformdirs
from pydantic import SecretStr

from callboard.domain.credential import provider_named
from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.addresses import is_confidential
from callboard.engine.command_hosts import CommandHosts, read_command_hosts
from callboard.engine.mail_server import MailServer, read_mail_server
from callboard.engine.monitored import TraceSettings, read_probes, read_traces

PROVIDERS = ("openrouter", "anthropic", "openai", "gemini")

Dispatching = Literal["embedded", "procrastinate", "dbos"]
DISPATCHING: tuple[Dispatching, ...] = ("embedded", "procrastinate", "dbos")
SearchService = Literal["searxng", "brave", "tavily", "exa"]
SEARCH_SERVICES: tuple[SearchService, ...] = ("searxng", "brave", "tavily", "exa")
_SEARCH_BY_NAME: Mapping[str, SearchService] = {name: name for name in SEARCH_SERVICES}
_AT = r"(?:\[[^\]@/]*\]|[^@/?#\[\]:,]*)(?::\d*)?"
_SERVER = re.compile(rf"[a-z]+://(?:[^@/?#\[\]]*@)?{_AT}(?:,{_AT})*(?:/[^@/?#]*)?(?:\?.*)?")
"""An address in which nothing of a password can be taken for a host, a port or a database, which messages show."""

_SECONDS = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")
_HOST = re.compile(
    r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
)


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
    commands may reach. `mail` carries e-mail to people, where there is a server for it. `url` is the address at which people and programs reach a `callboard serve` that is not for this machine alone,
    `openid` the identity provider that vouches for them.
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


def process_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        ConfigurationInvalid: a variable has a value that cannot be used.
    """
    return read_settings(os.environ)  # noqa: TID251 - the one place that reads the environment


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that an environment describes.

    Raises:
        ConfigurationInvalid: a variable has a value that cannot be used.
    """
    home = environ.get("CALLBOARD_HOME") or platformdirs.user_data_dir("callboard")
    try:
        state = Path(home).expanduser().absolute()
    except (RuntimeError, OSError) as error:
        raise ConfigurationInvalid(
            f"CALLBOARD_HOME {home} cannot be used: {error}; set CALLBOARD_HOME to a directory that you "
            "may write"
        ) from None
    return Settings(
        home=state,
        database=_database(environ, state),
        user=environ.get("CALLBOARD_USER") or _login_name(),
        sandbox=_sandbox(environ.get("CALLBOARD_SANDBOX", "required")),
        providers={name: _provider(environ, name.upper()) for name in PROVIDERS},
        web=_web(environ),
        vault_key=_secret(environ, "CALLBOARD_VAULT_KEY"),
        keyring=_switch(environ, "CALLBOARD_KEYRING"),
        patience_s=_seconds(environ, "CALLBOARD_DATABASE_PATIENCE", 30.0),
        log_key=_secret(environ, "CALLBOARD_LOG_KEY"),
        archive=_archive(environ),
        command_hosts=read_command_hosts(environ.get("CALLBOARD_COMMAND_HOSTS", "")),
        mail=read_mail_server(environ.get("CALLBOARD_SMTP_URL", "").strip()),
        url=_url(environ.get("CALLBOARD_URL", "").strip()),
        openid=_openid(environ),
        provider_runs=_provider_runs(environ.get("CALLBOARD_PROVIDER_RUNS", "")),
        probes=read_probes(environ.get("CALLBOARD_PROBES", "").strip()),
        traces=read_traces(environ),
        dispatcher=_dispatcher(environ.get("CALLBOARD_DISPATCHER", "").strip().lower()),
        forge_command=_forge(environ.get("CALLBOARD_FORGE_COMMAND", "")),
        forge_environment={
            name: value
            for name, value in environ.items()
            if not name.startswith("CALLBOARD_") and not name.endswith("_API_KEY")
        },
    )


def _url(text: str) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
    if parts.scheme not in {"http", "https"} or not parts.netloc or any(rest):
        raise ConfigurationInvalid(
            f"CALLBOARD_URL={text}: use the address alone, such as `https://callboard.example.org`"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _openid(environ: Mapping[str, str]) -> OpenIdSettings | None:
    issuer = environ.get("CALLBOARD_OIDC_ISSUER", "").strip()
    client_id = environ.get("CALLBOARD_OIDC_CLIENT_ID", "").strip()
    secret = _secret(environ, "CALLBOARD_OIDC_CLIENT_SECRET")
    join = environ.get("CALLBOARD_OIDC_JOIN", "").strip().lower() or "off"
    if not issuer:
        return None
    if not is_confidential(issuer):
        raise ConfigurationInvalid(
            f"CALLBOARD_OIDC_ISSUER={issuer!a}: use the provider's address, such as `https://id.example.org`; without TLS"
            " only an address of this machine can be believed"
        )
    if not client_id:
        raise ConfigurationInvalid(
            "CALLBOARD_OIDC_ISSUER needs CALLBOARD_OIDC_CLIENT_ID: the name that the provider gave to this Callboard"
        )
    if join not in {"on", "off"}:
        raise ConfigurationInvalid(f"CALLBOARD_OIDC_JOIN={join}: use `on` or `off` (the default)")
    return OpenIdSettings(issuer, client_id, secret, join == "on")


def _provider(environ: Mapping[str, str], prefix: str) -> ProviderSettings:
    return ProviderSettings(
        api_key=_secret(environ, f"{prefix}_API_KEY"),
        base_url=environ.get(f"{prefix}_BASE_URL", "").strip() or None,
    )


def _secret(environ: Mapping[str, str], name: str) -> SecretStr | None:
    value = environ.get(name, "").strip()
    return SecretStr(value) if value else None


def _web(environ: Mapping[str, str]) -> WebSettings:
    allow = tuple(map(_host, filter(None, _words(environ.get("CALLBOARD_WEB_ALLOW", "")))))
    url = environ.get("CALLBOARD_SEARCH_URL", "").strip() or None
    keys = {name: _secret(environ, f"{name.upper()}_API_KEY") for name in SEARCH_SERVICES[1:]}
    configured = {"searxng": url is not None} | {name: bool(key) for name, key in keys.items()}
    search = _search(environ.get("CALLBOARD_SEARCH", "").strip().lower(), configured)
    return WebSettings(
        allow=allow,
        search=search,
        search_url=url if search == "searxng" else None,
        search_key=keys.get(search) if search else None,
        context7=ProviderSettings(
            api_key=_secret(environ, "CONTEXT7_API_KEY"),
            base_url=environ.get("CALLBOARD_CONTEXT7_URL", "").strip() or None,
        ),
        chromium=environ.get("CALLBOARD_CHROMIUM", "").strip() or None,
        browser_loopback=_switch(environ, "CALLBOARD_BROWSER_LOOPBACK"),
    )


def _search(wanted: str, configured: Mapping[str, bool]) -> SearchService | None:
    """Return the service that is asked for, else the first that is configured."""
    if wanted == "off":
        return None
    if not wanted:
        return next(filter(configured.__getitem__, SEARCH_SERVICES), None)
    found = _SEARCH_BY_NAME.get(wanted)
    if found is None:
        raise ConfigurationInvalid(
            f"CALLBOARD_SEARCH={wanted}: use one of {', '.join(SEARCH_SERVICES)}, or `off`"
        )
    if not configured[found]:
        needed = "CALLBOARD_SEARCH_URL" if found == "searxng" else f"{found.upper()}_API_KEY"
        raise ConfigurationInvalid(f"CALLBOARD_SEARCH={wanted} needs {needed}, which is not set")
    return found


def _provider_runs(value: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in filter(None, _words(value)):
        name, _, number = entry.partition("=")
        if not name or not number.isdecimal() or not 1 <= int(number[:6]) <= 1000:
            raise ConfigurationInvalid(
                f"CALLBOARD_PROVIDER_RUNS: `{entry}` is not a provider with a number from 1 to 1000, such as"
                " `openrouter=20,anthropic=4`"
            )
        found[provider_named(name.strip())] = int(number)
    return found


def _dispatcher(value: str) -> Dispatching | None:
    if value and value not in DISPATCHING:
        raise ConfigurationInvalid(
            f"CALLBOARD_DISPATCHER={value}: use one of {', '.join(DISPATCHING)}, or leave it out for what fits the"
            " database"
        )
    return next((one for one in DISPATCHING if one == value), None)


def _forge(value: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise ConfigurationInvalid(
            f"CALLBOARD_FORGE_COMMAND cannot be read: {error}; write a command, such as `open-pull-request {{branch}}`"
        ) from None


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",")]


def _host(entry: str) -> str:
    if not _HOST.fullmatch(entry):
        raise ConfigurationInvalid(
            f"CALLBOARD_WEB_ALLOW: `{entry}` is not a host or host:port, such as `localhost:8080`"
        )
    return entry


def _switch(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "on").strip().lower() or "on"
    if value not in {"on", "off"}:
        raise ConfigurationInvalid(f"{name}={value}: use `on` (the default) or `off`")
    return value == "on"


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    value = environ.get(name, "").strip()
    if not value:
        return default
    if not _SECONDS.fullmatch(value):
        raise ConfigurationInvalid(f"{name}={value}: use seconds from 0 to 9999, such as `30`")
    return float(value)


def _sandbox(value: str) -> Literal["required", "off"]:
    match value.lower():
        case "required" | "":
            return "required"
        case "off":
            return "off"
        case _:
            raise ConfigurationInvalid(
                f"CALLBOARD_SANDBOX={value}: use `required` (the default) or `off`"
            )


def _database(environ: Mapping[str, str], home: Path) -> Path | ServerDatabase:
    """Return where the state is. The address may hold a password, so no message repeats it."""
    url = environ.get("CALLBOARD_DATABASE_URL", "").strip()
    if not url:
        return home / "callboard.db"
    scheme, _, rest = url.partition("://")
    if scheme in {"postgresql", "postgres"} and rest:
        if not _SERVER.fullmatch(url):
            raise ConfigurationInvalid(
                "CALLBOARD_DATABASE_URL cannot be read as `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`: write special "
                "characters in the user and the password with a percent sign, such as %40 for @, %2F for / and %23 for #"
            )
        return ServerDatabase(SecretStr(url), _lease(environ))
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        return Path(rest[1:]).expanduser().absolute()
    raise ConfigurationInvalid(
        "CALLBOARD_DATABASE_URL: use `sqlite:///path/to/file` or `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, or "
        "unset it to keep the state inside CALLBOARD_HOME"
    )


def _archive(environ: Mapping[str, str]) -> Path | None:
    place = environ.get("CALLBOARD_ARCHIVE", "").strip()
    if not place:
        return None
    try:
        return Path(place).expanduser().absolute()
    except (RuntimeError, OSError) as error:
        raise ConfigurationInvalid(
            f"CALLBOARD_ARCHIVE {place} cannot be used: {error}; set it to a directory that you may write, or unset it"
        ) from None


def _lease(environ: Mapping[str, str]) -> float:
    lease_s = _seconds(environ, "CALLBOARD_LEASE", 30.0)
    if not 0.3 <= lease_s <= 3_600:
        raise ConfigurationInvalid(
            f"CALLBOARD_LEASE={lease_s:g}: use seconds from 0.3 to 3600, such as `30`"
        )
    return lease_s


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

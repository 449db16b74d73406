"""From an environment to settings."""

import getpass
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import platformdirs

from callboard.domain.credential import provider_named
from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.addresses import is_confidential
from callboard.engine.command_hosts import read_command_hosts
from callboard.engine.mail_server import read_mail_server
from callboard.engine.monitored import read_probes, read_traces
from callboard.settings.database import read_database
from callboard.settings.shapes import (
    DISPATCHING,
    PROVIDERS,
    Dispatching,
    OpenIdSettings,
    ProviderSettings,
    Settings,
)
from callboard.settings.variables import place, seconds, secret, switch, text, words
from callboard.settings.web import read_web


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that an environment describes.

    Raises:
        ConfigurationInvalid: a variable has a value that cannot be used.
    """
    home = environ.get("CALLBOARD_HOME") or platformdirs.user_data_dir("callboard")
    state = place("CALLBOARD_HOME", home)
    return Settings(
        home=state,
        database=read_database(environ, state),
        user=environ.get("CALLBOARD_USER") or _login_name(),
        sandbox=_sandbox(environ.get("CALLBOARD_SANDBOX", "required")),
        providers={name: _provider(environ, name.upper()) for name in PROVIDERS},
        web=read_web(environ),
        vault_key=secret(environ, "CALLBOARD_VAULT_KEY"),
        keyring=switch(environ, "CALLBOARD_KEYRING"),
        patience_s=seconds(environ, "CALLBOARD_DATABASE_PATIENCE", 30.0),
        log_key=secret(environ, "CALLBOARD_LOG_KEY"),
        archive=_archive(environ),
        command_hosts=read_command_hosts(environ.get("CALLBOARD_COMMAND_HOSTS", "")),
        mail=read_mail_server(text(environ, "CALLBOARD_SMTP_URL")),
        url=_url(text(environ, "CALLBOARD_URL")),
        openid=_openid(environ),
        provider_runs=_provider_runs(environ.get("CALLBOARD_PROVIDER_RUNS", "")),
        probes=read_probes(text(environ, "CALLBOARD_PROBES")),
        traces=read_traces(environ),
        dispatcher=_dispatcher(text(environ, "CALLBOARD_DISPATCHER").lower()),
        forge_command=_forge(environ.get("CALLBOARD_FORGE_COMMAND", "")),
        forge_environment={
            name: value
            for name, value in environ.items()
            if not name.startswith("CALLBOARD_") and not name.endswith("_API_KEY")
        },
    )


def _archive(environ: Mapping[str, str]) -> Path | None:
    value = text(environ, "CALLBOARD_ARCHIVE")
    return place("CALLBOARD_ARCHIVE", value) if value else None


def _url(given: str) -> str | None:
    if not given:
        return None
    parts = urlsplit(given)
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
    if parts.scheme not in {"http", "https"} or not parts.netloc or any(rest):
        raise ConfigurationInvalid(
            f"CALLBOARD_URL={given}: use the address alone, such as `https://callboard.example.org`"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _openid(environ: Mapping[str, str]) -> OpenIdSettings | None:
    issuer = text(environ, "CALLBOARD_OIDC_ISSUER")
    client_id = text(environ, "CALLBOARD_OIDC_CLIENT_ID")
    client_secret = secret(environ, "CALLBOARD_OIDC_CLIENT_SECRET")
    join = text(environ, "CALLBOARD_OIDC_JOIN").lower() or "off"
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
    return OpenIdSettings(issuer, client_id, client_secret, join == "on")


def _provider(environ: Mapping[str, str], prefix: str) -> ProviderSettings:
    return ProviderSettings(
        api_key=secret(environ, f"{prefix}_API_KEY"),
        base_url=text(environ, f"{prefix}_BASE_URL") or None,
    )


def _provider_runs(value: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in words(value):
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


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

"""Settings, and the only module that reads the environment."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid

PROVIDERS = ("openrouter", "anthropic", "openai", "gemini")


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Key and address of one model provider; None where the environment names none."""

    api_key: SecretStr | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What this process was told from outside.

    `home` holds all state, `database` is the SQLite file (inside `home` unless told otherwise). `sandbox` is `required` unless somebody opted out in so many words. `user` is
    the name under which decisions are recorded.
    """

    home: Path
    database: Path
    user: str
    sandbox: Literal["required", "off"] = "required"
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict[str, ProviderSettings])


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
        database=_database(environ.get("CALLBOARD_DATABASE_URL", ""), state),
        user=environ.get("CALLBOARD_USER") or _login_name(),
        sandbox=_sandbox(environ.get("CALLBOARD_SANDBOX", "required")),
        providers={name: _provider(environ, name.upper()) for name in PROVIDERS},
    )


def _provider(environ: Mapping[str, str], prefix: str) -> ProviderSettings:
    key = environ.get(f"{prefix}_API_KEY", "").strip()
    return ProviderSettings(
        api_key=SecretStr(key) if key else None,
        base_url=environ.get(f"{prefix}_BASE_URL", "").strip() or None,
    )


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


def _database(url: str, home: Path) -> Path:
    """Return the SQLite file. The URL may hold a password, so no message repeats it."""
    if not url:
        return home / "callboard.db"
    scheme, _, path = url.partition(":///")
    if scheme == "sqlite" and path:
        return Path(path).expanduser().absolute()
    raise ConfigurationInvalid(
        "CALLBOARD_DATABASE_URL: this release knows `sqlite:///path/to/file` only; "
        "unset it to keep the state inside CALLBOARD_HOME"
    )


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

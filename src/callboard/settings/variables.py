"""Variables of the environment, one at a time. Errors name the variable; none repeats a secret."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid

_SECONDS: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")


def text(environ: Mapping[str, str], name: str) -> str:
    """Return a value without the blanks around it; nothing where it is not set."""
    return environ.get(name, "").strip()


def secret(environ: Mapping[str, str], name: str) -> SecretStr | None:
    """Return a secret value, if there is one."""
    value = text(environ, name)
    return SecretStr(value) if value else None


def words(value: str) -> list[str]:
    """Return what is written with commas between."""
    return [word.strip() for word in value.split(",") if word.strip()]


def switch(environ: Mapping[str, str], name: str) -> bool:
    """Return whether something is on, as it is unless somebody switched it off.

    Raises:
        ConfigurationInvalid: it is neither.
    """
    value = text(environ, name).lower() or "on"
    if value not in {"on", "off"}:
        raise ConfigurationInvalid(f"{name}={value}: use `on` (the default) or `off`")
    return value == "on"


def seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    """Return a time in seconds.

    Raises:
        ConfigurationInvalid: it is none.
    """
    value = text(environ, name)
    if not value:
        return default
    if not _SECONDS.fullmatch(value):
        raise ConfigurationInvalid(f"{name}={value}: use seconds from 0 to 9999, such as `30`")
    return float(value)


def place(name: str, value: str) -> Path:
    """Return the absolute path that a variable means by a value.

    Raises:
        ConfigurationInvalid: nobody has the home that it begins with, or it begins in a directory that is gone.
    """
    try:
        return Path(value).expanduser().absolute()
    except (RuntimeError, OSError) as error:
        raise ConfigurationInvalid(
            f"{name} {value} cannot be used: {error}; set {name} to a place that you may write"
        ) from None

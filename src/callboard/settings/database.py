"""Where the state is."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid
from callboard.settings.shapes import ServerDatabase
from callboard.settings.variables import place, seconds, text

_URL: Final = "CALLBOARD_DATABASE_URL"
_IN_MEMORY: Final = "/:memory:"
"""Which database drivers take for none that is kept: nobody means a file of this name."""
_AT: Final = r"(?:\[[^\]@/]*\]|[^@/?#\[\]:,]*)(?::\d*)?"
_SERVER: Final = re.compile(rf"[a-z]+://(?:[^@/?#\[\]]*@)?{_AT}(?:,{_AT})*(?:/[^@/?#]*)?(?:\?.*)?")
"""An address in which nothing of a password can be taken for a host, a port or a database, which messages show."""


def read_database(environ: Mapping[str, str], home: Path) -> Path | ServerDatabase:
    """Return where the state is: in `home`, in another file or on a server. The address may hold a password, so no message
    repeats it.

    Raises:
        ConfigurationInvalid: the address cannot be used.
    """
    url = text(environ, _URL)
    if not url:
        return home / "callboard.db"
    scheme, _, rest = url.partition("://")
    if scheme in {"postgresql", "postgres"} and rest:
        if not _SERVER.fullmatch(url):
            raise ConfigurationInvalid(
                f"{_URL} cannot be read as `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`: write special "
                "characters in the user and the password with a percent sign, such as %40 for @, %2F for / and %23 for #"
            )
        return ServerDatabase(SecretStr(url), _lease(environ))
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/") and rest != _IN_MEMORY:
        return place(_URL, rest[1:])
    raise ConfigurationInvalid(
        f"{_URL}: use `sqlite:///path/to/file` or `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, or "
        "unset it to keep the state inside CALLBOARD_HOME"
    )


def _lease(environ: Mapping[str, str]) -> float:
    lease_s = seconds(environ, "CALLBOARD_LEASE", 30.0)
    if not 0.3 <= lease_s <= 3_600:
        raise ConfigurationInvalid(
            f"CALLBOARD_LEASE={lease_s:g}: use seconds from 0.3 to 3600, such as `30`"
        )
    return lease_s

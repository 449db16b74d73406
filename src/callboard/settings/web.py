"""How the web is reached."""

import re
from collections.abc import Mapping
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.settings.shapes import (
    SEARCH_SERVICES,
    ProviderSettings,
    SearchService,
    WebSettings,
)
from callboard.settings.variables import secret, switch, text, words

_SERVICES: Final[Mapping[str, SearchService]] = {name: name for name in SEARCH_SERVICES}
_HOST: Final = re.compile(
    r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
)


def read_web(environ: Mapping[str, str]) -> WebSettings:
    """Return how the web is reached.

    Raises:
        ConfigurationInvalid: a variable has a value that cannot be used.
    """
    allow = tuple(map(_host, words(environ.get("CALLBOARD_WEB_ALLOW", ""))))
    url = text(environ, "CALLBOARD_SEARCH_URL") or None
    keys = {name: secret(environ, f"{name.upper()}_API_KEY") for name in SEARCH_SERVICES[1:]}
    configured = {"searxng": url is not None} | {name: bool(key) for name, key in keys.items()}
    search = _search(text(environ, "CALLBOARD_SEARCH").lower(), configured)
    return WebSettings(
        allow=allow,
        search=search,
        search_url=url if search == "searxng" else None,
        search_key=keys.get(search) if search else None,
        context7=ProviderSettings(
            api_key=secret(environ, "CONTEXT7_API_KEY"),
            base_url=text(environ, "CALLBOARD_CONTEXT7_URL") or None,
        ),
        chromium=text(environ, "CALLBOARD_CHROMIUM") or None,
        browser_loopback=switch(environ, "CALLBOARD_BROWSER_LOOPBACK"),
    )


def _search(wanted: str, configured: Mapping[str, bool]) -> SearchService | None:
    """Return the service that is asked for, else the first that is configured."""
    if wanted == "off":
        return None
    if not wanted:
        return next(filter(configured.__getitem__, SEARCH_SERVICES), None)
    found = _SERVICES.get(wanted)
    if found is None:
        raise ConfigurationInvalid(
            f"CALLBOARD_SEARCH={wanted}: use one of {', '.join(SEARCH_SERVICES)}, or `off`"
        )
    if not configured[found]:
        needed = "CALLBOARD_SEARCH_URL" if found == "searxng" else f"{found.upper()}_API_KEY"
        raise ConfigurationInvalid(f"CALLBOARD_SEARCH={wanted} needs {needed}, which is not set")
    return found


def _host(entry: str) -> str:
    if not _HOST.fullmatch(entry):
        raise ConfigurationInvalid(
            f"CALLBOARD_WEB_ALLOW: `{entry}` is not a host or host:port, such as `localhost:8080`"
        )
    return entry

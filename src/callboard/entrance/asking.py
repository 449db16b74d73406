"""Who asks: a bearer's token, a browser's session, or the one person of a machine where nobody is yet."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.responses import Response

from callboard.domain.errors import NotSignedIn
from callboard.domain.org.access import Session
from callboard.domain.org.principal import Principal, on_this_machine
from callboard.usecases.app import App
from callboard.usecases.first_owner import is_nobody_here
from callboard.usecases.sessions import LONGEST, IssuedSession, Origin, session_of
from callboard.usecases.tokens import bearer_of

Client = tuple[str, int] | None
"""The address and the port that somebody connects from."""
COOKIE: Final = "callboard_session"
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class Site:
    """Where this deployment is found. `url` is its address from outside, None where it is this machine only.
    `local_user` is whose machine it is: as long as nobody is here and all listening is on loopback, they need
    not sign in. In a `sample` they need not although others are here: nothing in it is anybody's. `is_same_user` says
    of an address and a port of this machine whether it is they who connect from there, and not another of its users.
    """

    url: str | None = None
    local_user: str | None = None
    sample: bool = False
    is_same_user: Callable[[str, int], bool] | None = None

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.url is not None and self.url.startswith("https://")

    def is_at_home(self, client: Client) -> bool:
        """Return whether whoever connects works on this machine, as the user whose process this is."""
        if client is None or not _is_loopback(client[0]):
            return False
        return self.is_same_user is None or self.is_same_user(*client)

    def serves(self, host: str) -> bool:
        """Return whether a Host header names this deployment. A name that somebody else's DNS points at this
        machine is not one of its own.
        """
        if self.url is not None and host.lower() == urlsplit(self.url).netloc.lower():
            return True
        return is_loopback_host(host)

    def is_own(self, origin: str, host: str) -> bool:
        """Return whether an Origin header is that of this deployment's own pages."""
        if self.url is not None:
            parts = urlsplit(self.url)
            if origin.lower() == f"{parts.scheme}://{parts.netloc}".lower():
                return True
        return is_loopback_host(host) and origin.lower() == f"http://{host.lower()}"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and by which way they came in."""

    who: Principal
    way: Literal["token", "session", "local"]
    session: Session | None = None

    @property
    def account(self) -> str:
        """Their name in logs and cursors."""
        return f"{self.who.actor.kind}:{self.who.actor.name}"


@dataclass(slots=True)
class Streams:
    """How many runs each caller follows at this moment."""

    most: int = 30
    of: dict[str, int] = field(default_factory=dict[str, int])


def is_loopback_host(host: str) -> bool:
    """Return whether a Host header names this very machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


async def find_asker(
    app: App, site: Site, headers: Headers, cookies: dict[str, str], client: Client
) -> Asker:
    """Return who asks. Host and Origin were looked at before.

    Raises:
        NotSignedIn: nobody who is known here.
    """
    given = headers.get("authorization")
    if given is not None:
        scheme, _, text = given.partition(" ")
        if scheme.lower() != "bearer":
            raise NotSignedIn("give a token as `Authorization: Bearer cb_…`")
        return Asker(await bearer_of(app, text.strip()), "token")
    cookie = cookies.get(COOKIE)
    if cookie:
        who, session = await session_of(app, cookie)
        return Asker(who, "session", session)
    if await _is_their_own_machine(app, site, headers, client):
        return Asker(on_this_machine(site.local_user or ""), "local")
    raise NotSignedIn("sign in, or give a token as `Authorization: Bearer cb_…`")


async def _is_their_own_machine(app: App, site: Site, headers: Headers, client: Client) -> bool:
    """Whoever asks from this machine, by its own name and through nobody else, while nobody is here yet."""
    if site.local_user is None or site.url is not None:
        return False
    if not is_loopback_host(headers.get("host", "")) or any(name in headers for name in _FORWARDED):
        return False
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    return site.is_at_home(client) and (site.sample or await is_nobody_here(app))


def let_in(response: Response, site: Site, issued: IssuedSession) -> None:
    """Give the browser its session."""
    remember(response, site, COOKIE, issued.text, for_s=int(LONGEST.total_seconds()))


def remember(
    response: Response, site: Site, name: str, value: str, *, for_s: int, path: str = "/"
) -> None:
    """Let the browser keep something for some seconds that no script can read, and that no other site's form brings."""
    response.set_cookie(
        name,
        value,
        max_age=for_s,
        httponly=True,
        samesite="lax",
        secure=site.is_secure,
        path=path,
    )


def _asker(request: Request) -> Asker:
    return cast("Asker", request.state.asker)


def _who(request: Request) -> Principal:
    return _asker(request).who


def _app(request: Request) -> App:
    return cast("App", request.app.state.callboard)


def _site(request: Request) -> Site:
    return cast("Site", request.app.state.site)


def _origin(request: Request) -> Origin:
    host = request.client.host if request.client is not None else ""
    return Origin(host, request.headers.get("user-agent", ""))


TheAsker = Annotated[Asker, Depends(_asker)]
Who = Annotated[Principal, Depends(_who)]
TheApp = Annotated[App, Depends(_app)]
TheSite = Annotated[Site, Depends(_site)]
From = Annotated[Origin, Depends(_origin)]

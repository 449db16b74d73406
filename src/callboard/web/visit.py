"""One request of a browser: who looks, what they are shown, and where they go from here."""

import gzip
import hashlib
from dataclasses import dataclass
from typing import Annotated, Final, cast
from urllib.parse import quote, unquote

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from callboard.domain.actor import Actor
from callboard.domain.org.principal import Principal
from callboard.domain.org.space import Space
from callboard.entrance.asking import COOKIE, Asker, Site, remember
from callboard.entrance.places import local
from callboard.entrance.running import Running
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.spaces import list_spaces
from callboard.web.forms import Fields, form_token
from callboard.web.glance import Glance, Glances
from callboard.web.page import THEMES, Frame, Page, Section
from callboard.web.templating import templates

FORM_COOKIE: Final = "callboard_form"
SAID_COOKIE: Final = "callboard_said"
SPACE_COOKIE: Final = "callboard_space"
THEME_COOKIE: Final = "callboard_theme"
KEYS_COOKIE: Final = "callboard_keys"
KEPT_FOR_S: Final = 365 * 24 * 3600
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types ui"
)
_WORTH_PACKING: Final = 1400
_NOBODY: Final = Principal(Actor(kind="system", name="nobody"))


class SignInFirst(Exception):
    """Nobody is signed in, and the page is for somebody."""


@dataclass(frozen=True, slots=True)
class Anybody:
    """A request of whoever it may be."""

    request: Request

    @property
    def app(self) -> App:
        """What all use cases work with."""
        return cast("App", self.request.app.state.callboard)

    @property
    def site(self) -> Site:
        """Where this deployment is found."""
        return cast("Site", self.request.app.state.site)

    @property
    def here(self) -> str:
        """The address of this very page, within the site."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    @property
    def fields(self) -> Fields:
        """The form that was sent."""
        return cast("Fields", self.request.state.fields)

    @property
    def binding(self) -> str:
        """The secret that this browser's forms are bound to: its session's; for whoever has none, their own."""
        return self.request.cookies.get(COOKIE) or self.request.cookies.get(FORM_COOKIE) or ""

    def query(self, name: str, otherwise: str = "") -> str:
        """Return a parameter of the address."""
        return self.request.query_params.get(name, otherwise)[:1000]

    async def show(self, page: Page, status: int = 200) -> Response:
        """Answer with a page."""
        binding = self.binding
        new = "" if binding else self.app.chance.secret()
        frame = await self._frame(page.section, binding or new)
        text = templates().get_template(f"pages/{page.template}").render(page=page, frame=frame)
        response = self._packed(text, status, "no-store" if page.secret else "private, no-cache")
        if new:
            self.remember(response, FORM_COOKIE, new)
        if frame.said:
            response.delete_cookie(SAID_COOKIE, path="/")
        return response

    async def part(self, template: str, page: Page, status: int = 200) -> Response:
        """Answer with a part of a page, for a script that puts it in its place."""
        frame = await self._frame(page.section, self.binding)
        text = templates().get_template(f"parts/{template}").render(page=page, frame=frame)
        return self._packed(text, status, "private, no-cache")

    def go(self, path: str, said: str = "") -> Response:
        """Answer with the way to another page of ours, which will say what was done."""
        response = RedirectResponse(local(path), 303)
        if said:
            self.remember(response, SAID_COOKIE, quote(said[:300]), for_s=60)
        return response

    def remember(
        self, response: Response, name: str, value: str, *, for_s: int = KEPT_FOR_S
    ) -> None:
        """Let the browser keep something that no script can read."""
        remember(response, self.site, name, value, for_s=for_s)

    def _packed(self, text: str, status: int, caching: str) -> Response:
        headers = {
            "Cache-Control": caching,
            "Content-Security-Policy": POLICY,
            "Vary": "Accept-Encoding",
        }
        content = text.encode(errors="replace")
        if len(content) > _WORTH_PACKING and "gzip" in self.request.headers.get(
            "accept-encoding", ""
        ):
            content = gzip.compress(content, 5, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return HTMLResponse(content, status, headers)

    async def _frame(self, section: Section, binding: str) -> Frame:
        asker = cast("Asker | None", getattr(self.request.state, "asker", None))
        cookies = self.request.cookies
        spaces = [] if asker is None else await self._spaces(asker)
        glance = Glance() if asker is None else await self._glance(asker)
        theme = cookies.get(THEME_COOKIE, "system")
        nonce = hashlib.sha256(self.app.chance.secret().encode()).digest()[:16]
        return Frame(
            who=_NOBODY if asker is None else asker.who,
            name="" if asker is None else glance.name or asker.who.actor.name,
            way="session" if asker is None else asker.way,
            theme=theme if theme in THEMES else "system",
            keys=cookies.get(KEYS_COOKIE) != "off",
            spaces=spaces,
            space=self._space(spaces),
            waiting=glance.waiting,
            working=glance.working,
            said=unquote(cookies.get(SAID_COOKIE, ""))[:300],
            here=self.here,
            section=section,
            token=form_token(binding, nonce),
            once=self.app.chance.secret()[:22],
            version=cast("str", self.request.app.version),
        )

    async def _spaces(self, asker: Asker) -> list[Space]:
        """Return the spaces that somebody sees; they are looked for once in a request."""
        found = cast("list[Space] | None", getattr(self.request.state, "spaces", None))
        if found is None:
            found = self.request.state.spaces = await visible_spaces(self.app, asker.who)
        return found

    def _space(self, spaces: list[Space]) -> str:
        asked = self.request.query_params.get("space", self.request.cookies.get(SPACE_COOKIE, ""))
        return asked if any(one.id == asked for one in spaces) else ""

    async def _glance(self, asker: Asker) -> Glance:
        return await cast("Glances", self.request.app.state.glances).of(self.app, asker)


@dataclass(frozen=True, slots=True)
class Visit(Anybody):
    """A request of somebody who is known."""

    asker: Asker

    @property
    def who(self) -> Principal:
        """Who looks, with the rights of this moment."""
        return self.asker.who

    @property
    def running(self) -> Running:
        """The runs that this process drives, and its worker."""
        return cast("Running", self.request.app.state.running)

    async def space(self) -> str:
        """Return the space that they look at; empty: all that they see."""
        return self._space(await self._spaces(self.asker))


async def visible_spaces(app: App, who: Principal) -> list[Space]:
    """Return the spaces that somebody sees, maybe none."""
    try:
        return await list_spaces(app, who)
    except NotAllowed:  # a member of none sees none
        return []


def _anybody(request: Request) -> Anybody:
    return Anybody(request)


def _visit(request: Request) -> Visit:
    asker = cast("Asker | None", getattr(request.state, "asker", None))
    if asker is None:
        raise SignInFirst
    return Visit(request, asker)


At = Annotated[Visit, Depends(_visit)]
"""For pages of those who are signed in."""
AtDoor = Annotated[Anybody, Depends(_anybody)]
"""For the pages before that."""

"""What somebody sets for themselves: who they are, how pages look here, what they are told, where they are signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from callboard.domain.errors import CallboardError
from callboard.domain.org.notice import NoticeGroup
from callboard.domain.org.people import PEOPLE, Person
from callboard.entrance.asking import COOKIE, From
from callboard.usecases.notice_preferences import ALL_GROUPS, choose_notices, noticed_groups
from callboard.usecases.sessions import ListedSession, end_session, list_sessions
from callboard.usecases.signing_in import confirm_password, set_password
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.page import THEMES, Page
from callboard.web.visit import KEYS_COOKIE, SPACE_COOKIE, THEME_COOKIE, At, Visit

router = APIRouter(route_class=FormRoute)
_TOLD: Final[dict[NoticeGroup, str]] = {
    "tasks": "Tasks of mine that began, ended or failed",
    "gates": "What I am to decide, and what was decided",
    "reminders": "Reminders of what still waits for me",
    "mentions": "Comments that mention me",
    "budgets": "Budgets that were reached",
}


@dataclass(frozen=True, slots=True)
class SettingsPage(Page):
    """Somebody's own settings."""

    template = "settings.html"
    section = "settings"
    person: Person | None
    sessions: Sequence[ListedSession]
    current: str
    groups: Sequence[tuple[str, str, bool]]
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Settings"


@router.get("/settings")
async def settings(at: At) -> Response:
    """Show somebody's own settings."""
    return await at.show(await _page(at))


async def _page(at: Visit, wrong: str = "") -> SettingsPage:
    kept = None
    if at.who.actor.kind == "person":
        kept = await at.app.records.get(PEOPLE, at.who.actor.name)
    if kept is None:
        return SettingsPage(None, (), "", (), wrong)
    told = await noticed_groups(at.app, at.who)
    groups = [(one, _TOLD[one], one in told) for one in ALL_GROUPS]
    current = "" if at.asker.session is None else at.asker.session.id
    sessions = await list_sessions(at.app, at.who)
    return SettingsPage(kept.value, sessions, current, groups, wrong)


@router.post("/settings/password")
async def password(at: At, origin: From) -> Response:
    """Take another password, from whoever knows the one of now. All sessions end, this one too."""
    fields = at.fields
    try:
        await confirm_password(at.app, at.who, fields.raw("password_now"), origin)
        await set_password(at.app, at.who, at.who.actor.name, fields.raw("password_new"))
    except CallboardError as error:
        return await at.show(await _page(at, said_of(error)), 422)
    response = at.go("/sign-in", "The password is another one now. Sign in with it.")
    response.delete_cookie(COOKIE, path="/")
    return response


@router.post("/settings/notices")
async def notices(at: At) -> Response:
    """Choose what is told by e-mail."""
    wanted = at.fields.every("told")
    await choose_notices(at.app, at.who, muted=[one for one in ALL_GROUPS if one not in wanted])
    return at.go("/settings", "Kept.")


@router.post("/settings/sessions/{session_id}/end")
async def end(at: At, session_id: str) -> Response:
    """End one of one's sessions."""
    await end_session(at.app, at.who, session_id)
    return at.go("/settings", "That session is over.")


@router.post("/settings/space")
async def look_at(at: At) -> Response:
    """Look at one space, or at all of them."""
    chosen = at.fields.text("space")
    response = at.go(at.fields.text("next", "/"))
    at.remember(response, SPACE_COOKIE, chosen if chosen.isascii() else "")
    return response


@router.post("/settings/theme")
async def theme(at: At) -> Response:
    """Show all pages light, dark, or as the system is."""
    chosen = at.fields.text("theme")
    response = at.go(at.fields.text("next", "/settings"))
    at.remember(response, THEME_COOKIE, chosen if chosen in THEMES else "system")
    return response


@router.post("/settings/keys")
async def keys(at: At) -> Response:
    """Let single keys act, or not."""
    response = at.go("/settings", "Kept.")
    at.remember(response, KEYS_COOKIE, "on" if at.fields.is_on("keys") else "off")
    return response

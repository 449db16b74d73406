"""Spaces: what they are, who belongs to them, what they may spend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from fastapi import APIRouter
from starlette.responses import Response

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.domain.org.people import Person, ServiceAccount
from callboard.domain.org.roles import SPACE_ROLES
from callboard.domain.org.space import Space
from callboard.engine.budgets import ORGANISATION, Standing, space_account
from callboard.usecases.app import NotAllowed
from callboard.usecases.people import list_people, list_service_accounts
from callboard.usecases.spaces import (
    NewSpace,
    change_space,
    create_space,
    find_space,
    set_member,
)
from callboard.usecases.spending import list_budgets, remove_budget, set_budget
from callboard.usecases.workflows import list_workflows
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.visit import At, Visit, visible_spaces

router = APIRouter(route_class=FormRoute)
_LABELS = {
    "id": "Short name",
    "prefix": "Its tasks begin with",
    "at_once": "Tasks worked on at a time",
}
_FIELDS = ("id", "name", "prefix", "description", "repository", "workflow", "landing", "at_once")


@dataclass(frozen=True, slots=True)
class SpacesPage(Page):
    """All spaces that somebody sees."""

    template = "spaces.html"
    section = "spaces"
    spaces: Sequence[Space]
    budgets: Mapping[str, Standing]
    organisation: Standing | None
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Spaces"


@dataclass(frozen=True, slots=True)
class NewSpacePage(Page):
    """A space that is not there yet."""

    template = "space_new.html"
    section = "spaces"
    workflows: Sequence[str]
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "New space"


@dataclass(frozen=True, slots=True)
class SpacePage(Page):
    """One space."""

    template = "space.html"
    section = "spaces"
    space: Space
    names: Mapping[str, str]
    others: Sequence[tuple[str, str]]
    roles: Sequence[tuple[str, str]]
    workflows: Sequence[str]
    budget: Standing | None
    typed: Typed
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return self.space.name


@router.get("/spaces")
async def spaces(at: At) -> Response:
    """List the spaces that somebody sees."""
    return await at.show(await _all(at))


@router.post("/budget")
async def budget_of_all(at: At) -> Response:
    """Say what the organisation may spend; empty: as much as it likes."""
    text = at.fields.text("limit")
    try:
        await _limit(at, ORGANISATION, text)
    except CallboardError as error:
        return await at.show(await _all(at, Typed(limit=text), said_of(error)), 422)
    return at.go("/spaces", "The budget holds from the next model call on.")


async def _all(at: Visit, typed: Typed | None = None, wrong: str = "") -> SpacesPage:
    seen = await visible_spaces(at.app, at.who)
    budgets = await _budgets(at)
    whole = budgets.pop(ORGANISATION, None)
    return SpacesPage(seen, budgets, whole, typed or Typed(), wrong)


async def _limit(at: Visit, account: str, text: str) -> None:
    if text:
        await set_budget(at.app, at.who, account, _amount(text))
    else:
        await remove_budget(at.app, at.who, account)


@router.get("/new/space")
async def new_space(at: At) -> Response:
    """Ask what a space is to be."""
    return await at.show(NewSpacePage(await _workflows(at)))


@router.post("/spaces")
async def created(at: At) -> Response:
    """Create a space."""
    fields = at.fields
    wish = NewSpace(
        fields.text("id"),
        fields.text("name"),
        fields.text("prefix").upper(),
        fields.raw("description").strip(),
        fields.some("repository"),
        fields.some("workflow"),
    )
    try:
        space = await create_space(at.app, at.who, wish)
    except CallboardError as error:
        typed = fields.kept(*_FIELDS)
        wrong = said_of(error, **_LABELS)
        return await at.show(NewSpacePage(await _workflows(at), typed, wrong), 422)
    return at.go(f"/spaces/{space.id}", f"{space.name} is there. Add those who work in it.")


@router.get("/spaces/{space_id}")
async def space(at: At, space_id: str) -> Response:
    """Show a space."""
    return await at.show(await _page(at, space_id))


@router.post("/spaces/{space_id}")
async def changed(at: At, space_id: str) -> Response:
    """Change what a space is called and what its tasks get."""
    fields = at.fields
    try:
        await change_space(
            at.app,
            at.who,
            space_id,
            name=fields.text("name"),
            description=fields.raw("description").strip(),
            repository=fields.some("repository"),
            workflow=fields.some("workflow"),
            landing=fields.text("landing", "branch"),
            at_once=fields.text("at_once", "4"),
        )
    except CallboardError as error:
        typed = fields.kept(*_FIELDS)
        wrong = said_of(error, **_LABELS)
        return await at.show(await _page(at, space_id, typed, wrong), 422)
    return at.go(f"/spaces/{space_id}", "Kept.")


@router.post("/spaces/{space_id}/archive")
async def archived(at: At, space_id: str) -> Response:
    """Put a space away, or take it back."""
    away = not at.fields.is_on("back")
    await change_space(at.app, at.who, space_id, archived=away)
    return at.go("/spaces", "The space is archived." if away else "The space is back.")


@router.post("/spaces/{space_id}/members")
async def member(at: At, space_id: str) -> Response:
    """Give somebody a role in a space, another one, or none."""
    role = at.fields.text("role")
    wanted = role if role in SPACE_ROLES else None
    account = at.fields.text("account")
    try:
        await set_member(at.app, at.who, space_id, account, wanted)
    except CallboardError as error:
        return await at.show(await _page(at, space_id, wrong=said_of(error)), 422)
    name = account.partition(":")[2]
    said = f"{name} is {wanted} here." if wanted else f"{name} is no member here any more."
    return at.go(f"/spaces/{space_id}#members", said)


@router.post("/spaces/{space_id}/budget")
async def budget(at: At, space_id: str) -> Response:
    """Say what a space may spend; empty: as much as it likes."""
    text = at.fields.text("limit")
    try:
        await _limit(at, space_account(space_id), text)
    except CallboardError as error:
        return await at.show(await _page(at, space_id, Typed(limit=text), said_of(error)), 422)
    return at.go(f"/spaces/{space_id}#budget", "The budget holds from the next model call on.")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "").removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or amount > 1_000_000_000:
        raise ConfigurationInvalid(
            f"{text[:40]!r} is no amount in US dollars, such as 250 or 99.50"
        )
    return amount


async def _page(at: Visit, space_id: str, typed: Typed | None = None, wrong: str = "") -> SpacePage:
    found = await find_space(at.app, at.who, space_id)
    people, accounts = await _everybody(at)
    names = {f"person:{one.id}": one.name for one in people}
    names |= {f"integration:{one.id}": one.name for one in accounts}
    active = {f"person:{one.id}" for one in people if one.active}
    active |= {f"integration:{one.id}" for one in accounts if one.active}
    others = [(key, names[key]) for key in names if key in active and not found.role_of(key)]
    roles = [(role, role.capitalize()) for role in SPACE_ROLES]
    budgets = await _budgets(at)
    flows = await _workflows(at)
    return SpacePage(
        found, names, others, roles, flows, budgets.get(found.id), typed or Typed(), wrong
    )


async def _everybody(at: Visit) -> tuple[Sequence[Person], Sequence[ServiceAccount]]:
    try:
        return await list_people(at.app, at.who), await list_service_accounts(at.app, at.who)
    except NotAllowed:
        return (), ()


async def _budgets(at: Visit) -> dict[str, Standing]:
    """Return the budgets of spaces, by space, and the organisation's."""
    try:
        found = await list_budgets(at.app, at.who)
    except NotAllowed:
        return {}
    return {
        one.account.removeprefix("space:"): one
        for one in found
        if not one.account.startswith("run:")
    }


async def _workflows(at: Visit) -> Sequence[str]:
    try:
        return sorted({one.definition.id for one in await list_workflows(at.app, at.who)})
    except NotAllowed:
        return ()

"""Hooks: messages from outside that become tasks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import SecretStr, ValidationError
from starlette.responses import Response

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.domain.org.hook import HookCondition, HookReceipt, HookRecord
from callboard.domain.org.principal import in_space
from callboard.engine.authority import may
from callboard.usecases.hooks import (
    NewHook,
    add_hook,
    find_hook,
    list_hooks,
    list_receipts,
    remove_hook,
)
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.task_templates import FIELDS, LABELS, TaskChoices, task_choices, template_in
from callboard.web.visit import At, Visit, visible_spaces

router = APIRouter(route_class=FormRoute)
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]


@dataclass(frozen=True, slots=True)
class HooksPage(Page):
    """Hooks of the spaces in which somebody may manage them."""

    template = "hooks.html"
    section = "webhooks"
    hooks: Sequence[HookRecord]

    @property
    def title(self) -> str:
        """The heading."""
        return "Hooks"


@dataclass(frozen=True, slots=True)
class HookPage(Page):
    """One hook, its address, and what came of its messages."""

    template = "hook.html"
    section = "webhooks"
    hook: HookRecord
    receipts: Sequence[HookReceipt]
    address: str

    @property
    def title(self) -> str:
        """The heading."""
        return self.hook.id


@dataclass(frozen=True, slots=True)
class NewHookPage(Page):
    """A hook that is not there yet."""

    template = "hook_new.html"
    section = "webhooks"
    spaces: Sequence[tuple[str, str]]
    choices: TaskChoices
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "New hook"


@dataclass(frozen=True, slots=True)
class HookSecretPage(Page):
    """A hook's secret, for the only time."""

    template = "hook_secret.html"
    section = "webhooks"
    secret = True
    hook: HookRecord
    address: str
    text: str

    @property
    def title(self) -> str:
        """The heading."""
        return f"The secret of {self.hook.id}"


@router.get("/hooks")
async def hooks(at: At) -> Response:
    """List hooks."""
    return await at.show(HooksPage(await list_hooks(at.app, at.who)))


@router.get("/new/hook")
async def new_hook(at: At) -> Response:
    """Ask what a hook is to be."""
    return await at.show(await _new_page(at, Typed({"space": await at.space()})))


async def _new_page(at: Visit, typed: Typed, wrong: str = "") -> NewHookPage:
    seen = await visible_spaces(at.app, at.who)
    spaces = [(one.id, one.name) for one in seen if may(at.who, "webhook.manage", in_space(one.id))]
    return NewHookPage(spaces, await task_choices(at), typed, wrong)


@router.post("/incoming")
async def added(at: At) -> Response:
    """Add a hook, and show its secret."""
    fields = at.fields
    try:
        given = fields.text("secret")
        conditions = tuple(_condition(line) for line in fields.lines("when"))
        own = SecretStr(given) if given else None
        wish = NewHook(fields.text("id"), template_in(fields), conditions, own)
        added = await add_hook(at.app, at.who, fields.text("space"), wish)
    except CallboardError as error:
        typed = fields.kept("id", "space", "when", *FIELDS)
        wrong = said_of(error, id="Name", **LABELS)
        return await at.show(await _new_page(at, typed, wrong), 422)
    if given:
        return at.go(
            f"/hooks/{added.hook.id}", "It takes messages that are signed with your secret."
        )
    text = added.secret.get_secret_value()
    return await at.show(HookSecretPage(added.hook, _address(at, added.hook.id), text))


def _condition(line: str) -> HookCondition:
    path, _, values = line.partition("=")
    wanted = tuple(one.strip() for one in values.split(",") if one.strip())
    try:
        return HookCondition(path=path.strip(), values=wanted)
    except ValidationError:
        raise ConfigurationInvalid(
            f"{line!r} is no condition: write a path, = and values, such as issue.state = open, reopened"
        ) from None


def _address(at: Visit, name: str) -> str:
    """Return the address that senders are given."""
    site = at.site.url
    host = at.request.headers.get("host", "localhost")
    return f"{site or f'http://{host}'}/hooks/{name}"


@router.get("/hooks/{name}")
async def hook(at: At, name: Name) -> Response:
    """Show a hook."""
    found = await find_hook(at.app, at.who, name)
    receipts = await list_receipts(at.app, at.who, name)
    return await at.show(HookPage(found, receipts, _address(at, name)))


@router.post("/incoming/{name}/remove")
async def removed(at: At, name: Name) -> Response:
    """Take a hook away."""
    await remove_hook(at.app, at.who, name)
    return at.go("/hooks", f"{name} is gone. Its tasks stay.")

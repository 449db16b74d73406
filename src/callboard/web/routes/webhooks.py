"""Webhooks: addresses outside that are told what happens, what was sent to them, and the e-mail to people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, get_args

from fastapi import APIRouter, Path
from starlette.responses import Response

from callboard.domain.errors import CallboardError
from callboard.domain.org.notice import Delivery, NoticeEvent, WebhookRecord
from callboard.domain.org.principal import in_space
from callboard.engine.authority import may
from callboard.usecases.webhooks import (
    NewWebhook,
    SecretTold,
    add_webhook,
    find_webhook,
    list_deliveries,
    list_mail,
    list_webhooks,
    remove_webhook,
    replay_delivery,
    rotate_webhook,
)
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.visit import At, Visit, visible_spaces

router = APIRouter(route_class=FormRoute)
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
EVENTS: Final[tuple[NoticeEvent, ...]] = get_args(NoticeEvent)
_TOLD: Final[dict[NoticeEvent, str]] = {
    "task.started": "Work on a task began",
    "task.ended": "A task ended",
    "task.failed": "A task failed",
    "gate.opened": "A decision is waited for",
    "gate.reminder": "A decision is waited for still",
    "gate.decided": "A decision was made",
    "gate.expired": "Nobody decided in time",
    "comment.mentioned": "A comment mentions somebody",
    "budget.reached": "A budget was reached",
}
_STATES: Final = {
    "pending": ("queued", "On its way"),
    "sent": ("done", "Sent"),
    "failed": ("failed", "Failed"),
}
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class WebhooksPage(Page):
    """The webhooks that somebody may manage."""

    template = "webhooks.html"
    section = "webhooks"
    webhooks: Sequence[WebhookRecord]
    sees_mail: bool

    @property
    def title(self) -> str:
        """The heading."""
        return "Webhooks"


@dataclass(frozen=True, slots=True)
class DeliveriesPage(Page):
    """What was sent to a webhook, or by e-mail (`webhook` is None then), the latest first."""

    template = "deliveries.html"
    section = "webhooks"
    webhook: WebhookRecord | None
    deliveries: Sequence[Delivery]
    total: int
    state: str

    @property
    def title(self) -> str:
        """The heading."""
        return "E-mail" if self.webhook is None else self.webhook.id

    @property
    def base(self) -> str:
        """The address of this page."""
        return "/mail" if self.webhook is None else f"/webhooks/{self.webhook.id}"

    @property
    def filters(self) -> list[tuple[str, str, str]]:
        """The states as links."""
        named = [(f"{self.base}?state={one}", words, "") for one, (_, words) in _STATES.items()]
        return [(self.base, "All", str(self.total)), *named]

    @property
    def filter_name(self) -> str:
        """The state in use."""
        return _STATES[self.state][1] if self.state else "All"

    def state_of(self, delivery: Delivery) -> tuple[str, str]:
        """Return the state word's class and the word of a message."""
        return _STATES[delivery.state]


@dataclass(frozen=True, slots=True)
class NewWebhookPage(Page):
    """A webhook that is not there yet."""

    template = "webhook_new.html"
    section = "webhooks"
    spaces: Sequence[tuple[str, str]]
    typed: Typed = field(default_factory=Typed)
    chosen: Sequence[str] = ()
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "New webhook"

    @property
    def events(self) -> Sequence[tuple[NoticeEvent, str]]:
        """What a webhook can be told, with words for it."""
        return [(one, _TOLD[one]) for one in EVENTS]


@dataclass(frozen=True, slots=True)
class WebhookSecretPage(Page):
    """A webhook's secret, for the only time."""

    template = "webhook_secret.html"
    section = "webhooks"
    secret = True
    webhook: WebhookRecord
    text: str

    @property
    def title(self) -> str:
        """The heading."""
        return f"The secret of {self.webhook.id}"


@router.get("/webhooks")
async def webhooks(at: At) -> Response:
    """List webhooks."""
    found = await list_webhooks(at.app, at.who)
    return await at.show(WebhooksPage(found, may(at.who, "webhook.manage")))


@router.get("/new/webhook")
async def new_webhook(at: At) -> Response:
    """Ask what a webhook is to be."""
    return await at.show(await _new_page(at, Typed()))


async def _new_page(
    at: Visit, typed: Typed, chosen: Sequence[str] = (), wrong: str = ""
) -> NewWebhookPage:
    seen = await visible_spaces(at.app, at.who)
    spaces = [(one.id, one.name) for one in seen if may(at.who, "webhook.manage", in_space(one.id))]
    everywhere = [("", "All spaces")] if may(at.who, "webhook.manage") else []
    return NewWebhookPage([*everywhere, *spaces], typed, chosen, wrong)


@router.post("/webhooks")
async def added(at: At) -> Response:
    """Add a webhook, and show its secret."""
    fields = at.fields
    chosen = fields.every("events")
    wish = NewWebhook(fields.text("id"), fields.text("url"), fields.some("space"), _events(chosen))
    try:
        told = await add_webhook(at.app, at.who, wish)
    except CallboardError as error:
        typed = fields.kept("id", "url", "space")
        return await at.show(await _new_page(at, typed, chosen, said_of(error, id="Name")), 422)
    return await _secret(at, told)


def _events(chosen: Sequence[str]) -> tuple[NoticeEvent, ...]:
    """Return those that were ticked; what is none of ours is left out."""
    ticked = frozenset[object](chosen)
    return tuple(one for one in EVENTS if one in ticked)


async def _secret(at: Visit, told: SecretTold) -> Response:
    return await at.show(WebhookSecretPage(told.webhook, told.secret.get_secret_value()))


@router.get("/mail")
async def mail(at: At) -> Response:
    """Show the e-mail that left."""
    return await at.show(_shown(at, None, await list_mail(at.app, at.who)))


@router.get("/webhooks/{name}")
async def webhook(at: At, name: Name) -> Response:
    """Show a webhook and what was sent to it."""
    found = await find_webhook(at.app, at.who, name)
    return await at.show(_shown(at, found, await list_deliveries(at.app, at.who, name)))


def _shown(
    at: Visit, found: WebhookRecord | None, deliveries: Sequence[Delivery]
) -> DeliveriesPage:
    state = at.query("state") if at.query("state") in _STATES else ""
    fitting = [one for one in deliveries if state in ("", one.state)]
    return DeliveriesPage(found, fitting[:_AT_ONCE], len(deliveries), state)


@router.post("/webhooks/{name}/rotate")
async def rotated(at: At, name: Name) -> Response:
    """Make a new secret, and show it."""
    return await _secret(at, await rotate_webhook(at.app, at.who, name))


@router.post("/webhooks/{name}/remove")
async def removed(at: At, name: Name) -> Response:
    """Take a webhook away."""
    await remove_webhook(at.app, at.who, name)
    return at.go("/webhooks", f"{name} is gone.")


@router.post("/webhooks/{name}/replay")
async def replayed(at: At, name: Name) -> Response:
    """Send a message again."""
    await replay_delivery(at.app, at.who, name, at.fields.text("message"))
    at.running.wake()
    return at.go(f"/webhooks/{name}", "It is on its way again, as a new message.")

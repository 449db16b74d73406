"""What is told to whom outside: events, those who want them, and the outbox of what is on its way."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.frozen import Frozen
from callboard.domain.org.people import LoginName
from callboard.domain.org.space import SpaceId
from callboard.domain.record import Kind

NoticeEvent = Literal[
    "task.started",
    "task.ended",
    "task.failed",
    "gate.opened",
    "gate.reminder",
    "gate.decided",
    "gate.expired",
    "comment.mentioned",
    "budget.reached",
]
NoticeGroup = Literal["tasks", "gates", "reminders", "mentions", "budgets"]
Channel = Literal["email", "webhook"]
DeliveryState = Literal["pending", "sent", "failed"]
WebhookId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]

GROUPS: Final[dict[NoticeEvent, NoticeGroup]] = {
    "task.started": "tasks",
    "task.ended": "tasks",
    "task.failed": "tasks",
    "gate.opened": "gates",
    "gate.reminder": "reminders",
    "gate.decided": "gates",
    "gate.expired": "gates",
    "comment.mentioned": "mentions",
    "budget.reached": "budgets",
}
"""What each event belongs to where people choose what they are told."""


class NoticePreference(Frozen):
    """What somebody does not want to be told by e-mail."""

    person: LoginName
    muted: tuple[NoticeGroup, ...] = ()


class WebhookRecord(Frozen):
    """An address outside that is told about events: of one space, or of all; of some kinds, or of all (none named).

    `secrets` are the names under which the vault keeps the keys, the newest first; those after the first are valid
    until `old_until`.
    """

    id: WebhookId
    url: Annotated[str, Field(max_length=2_000)]
    space: SpaceId | None = None
    events: tuple[NoticeEvent, ...] = ()
    active: bool = True
    secrets: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)]
    old_until: datetime | None = None
    created_by: Actor
    created_at: datetime

    def wants(self, event: NoticeEvent, space: str | None) -> bool:
        """Return whether an event of a space is for it."""
        return (
            self.active
            and (not self.events or event in self.events)
            and self.space in (None, space)
        )


class DeliveryAttempt(Frozen):
    """One try. `problem` is empty where it went well."""

    at: datetime
    problem: str = ""


class Delivery(Frozen):
    """A message to one recipient (a person's or a webhook's id) on one channel: one for an event, whatever happens.

    `message_id` stays the same over all attempts. `body` is what a webhook is sent, `subject` and `text` what an
    e-mail says.
    """

    key: Annotated[str, Field(min_length=1, max_length=600)]
    message_id: str
    event: NoticeEvent
    channel: Channel
    recipient: str
    space: str | None = None
    subject: str
    text: str = ""
    body: str = ""
    state: DeliveryState = "pending"
    next_at: datetime
    attempts: tuple[DeliveryAttempt, ...] = ()
    replay_of: str | None = None
    created_at: datetime


class NoticeCursor(Frozen):
    """Up to which entry of the audit log everybody was told."""

    name: str
    position: int


class GateNotice(Frozen):
    """That people were told of a gate, and how often they were reminded: after half of its time, and day by day."""

    run_id: str
    gate_id: str
    space: str
    entry: str
    title: str
    sentence: str
    started_by: Actor | None = None
    opened_at: datetime
    deadline_at: datetime | None = None
    half: bool = False
    days: int = 0
    open: bool = True


NOTICE_PREFERENCES: Final = Kind(
    "notice_preference", NoticePreference, key=lambda preference: preference.person
)
WEBHOOKS: Final = Kind(
    "webhook",
    WebhookRecord,
    key=lambda webhook: webhook.id,
    space=lambda webhook: webhook.space,
    state=lambda webhook: "active" if webhook.active else "inactive",
)
DELIVERIES: Final = Kind(
    "delivery",
    Delivery,
    key=lambda delivery: delivery.key,
    space=lambda delivery: delivery.space,
    state=lambda delivery: delivery.state,
    audited=False,
)
NOTICE_CURSORS: Final = Kind(
    "notice_cursor", NoticeCursor, key=lambda cursor: cursor.name, audited=False
)
GATE_NOTICES: Final = Kind(
    "gate_notice",
    GateNotice,
    key=lambda notice: f"{notice.run_id}/{notice.gate_id}",
    space=lambda notice: notice.space or None,
    state=lambda notice: "open" if notice.open else "closed",
    audited=False,
)

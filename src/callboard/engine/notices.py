"""What is told and when it is tried again. Pure."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue

from callboard.domain.actor import Actor
from callboard.domain.message import JsonObject
from callboard.domain.org.notice import Channel, Delivery, GateNotice, NoticeEvent
from callboard.engine.placeholders import visible

_WAITS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 3_600, 14_400, 43_200, 86_400, 86_400)
)
"""How long is waited before each further attempt; after the last one it is given up."""
_LONGEST_WAIT: Final = timedelta(days=1)
_SUBJECT: Final = 160


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that people may want to know. `id` tells it from all others, `actor` did it, and is not told."""

    id: str
    event: NoticeEvent
    at: datetime
    space: str
    entry: str
    title: str
    sentence: str
    people: frozenset[str] = frozenset()
    actor: Actor | None = None
    more: JsonObject = field(default_factory=dict[str, JsonValue])


def deliveries_of(
    what: Happening, recipients: Iterable[tuple[Channel, str]], now: datetime
) -> list[Delivery]:
    """Return what is to be sent, one message to each recipient on each channel."""
    return [_delivery(what, channel, recipient, now) for channel, recipient in recipients]


def message_id_of(key: str) -> str:
    """Return the id under which a message is sent, however often: the recipient can tell that it came before."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def next_attempt(
    key: str, failed: int, now: datetime, retry_after_s: float | None = None
) -> datetime | None:
    """Return when a message is tried again that failed so often; None: it is given up.

    The times of different messages are spread over a fifth of the wait, always the same for the same message.
    """
    if failed > len(_WAITS):
        return None
    wait = _WAITS[failed - 1]
    spread = int.from_bytes(hashlib.sha256(f"{key} {failed}".encode()).digest()[:4], "big")
    wait += wait * 0.2 * (spread / 2**32)
    asked = timedelta(seconds=min(max(retry_after_s or 0, 0), _LONGEST_WAIT.total_seconds()))
    return now + max(wait, asked)


def reminded(notice: GateNotice, now: datetime) -> GateNotice:
    """Return a gate's note after everybody is reminded of what is due; the same where nothing is."""
    half, deadline = notice.half, notice.deadline_at
    if deadline is not None and now >= notice.opened_at + (deadline - notice.opened_at) / 2:
        half = True
    days = max(notice.days, (now - notice.opened_at).days)
    return notice.model_copy(update={"half": half, "days": days})


def _delivery(what: Happening, channel: Channel, recipient: str, now: datetime) -> Delivery:
    key = f"{what.id}/{channel}/{recipient}"
    words = _WORDS if channel == "email" else _TO_ALL
    subject = " ".join(f"[{what.entry}] {what.title}: {words[what.event]}".split())
    return Delivery(
        key=key,
        message_id=message_id_of(key),
        event=what.event,
        channel=channel,
        recipient=recipient,
        space=what.space or None,
        subject=visible(subject)[:_SUBJECT],
        text=visible(_text(what)) if channel == "email" else "",
        body=_body(what) if channel == "webhook" else "",
        next_at=now,
        created_at=now,
    )


_WORDS: Final[dict[NoticeEvent, str]] = {
    "task.started": "work has begun",
    "task.ended": "ended",
    "task.failed": "failed",
    "gate.opened": "waits for a decision",
    "gate.reminder": "still waits for a decision",
    "gate.decided": "was decided",
    "gate.expired": "nobody decided in time",
    "comment.mentioned": "you were mentioned",
    "budget.reached": "the budget is used up",
}
_TO_ALL: Final[dict[NoticeEvent, str]] = {**_WORDS, "comment.mentioned": "somebody was mentioned"}
"""The same for where nobody in particular reads it."""


def _text(what: Happening) -> str:
    where = f"Space {what.space}" if what.space else "No space"
    return (
        f"{what.sentence}\n\n{what.entry}: {what.title}\n{where}\n{what.at:%Y-%m-%d %H:%M} UTC\n\n"
        "callboard inbox list --mine shows what waits for you; "
        "callboard inbox notices says what you are told.\n"
    )


def _body(what: Happening) -> str:
    data: JsonObject = {
        "event_id": what.id,
        "space": what.space or None,
        "entry": what.entry,
        "title": what.title,
        "sentence": what.sentence[:2_000],
        "actor": None if what.actor is None else f"{what.actor.kind}:{what.actor.name}",
        **what.more,
    }
    message: JsonObject = {"type": what.event, "timestamp": what.at.isoformat(), "data": data}
    return json.dumps(message, ensure_ascii=False)

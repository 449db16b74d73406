"""Receiving messages at hooks: who sent it is proven by its signature, and each makes one task."""

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from pydantic import JsonValue

from callboard.domain.errors import RecordConflict, UserMistake
from callboard.domain.message import is_deeper
from callboard.domain.org.hook import HOOK_RECEIPTS, HOOKS, HookReceipt, HookRecord
from callboard.domain.org.principal import Principal
from callboard.domain.org.space import SPACES
from callboard.domain.org.task import TASKS, TaskRecord
from callboard.domain.record import Kept, Write
from callboard.engine.placeholders import found_at
from callboard.engine.webhook_signatures import problem_with
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.queueing import queue_task
from callboard.usecases.signing_secrets import keys_of
from callboard.usecases.tasks import create_planned
from callboard.usecases.wishes import wish_of

LARGEST: Final = 256 * 1024
"""How many bytes a message may have."""
_DEEPEST: Final = 63
_MESSAGE_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")


class HookRefused(UserMistake):
    """A message that nobody with the secret of such a hook sent lately. It does not say whether there is one."""

    code: ClassVar[str] = "hook_refused"


class MessageTooLarge(UserMistake):
    """A message of more than 256 KiB."""

    code: ClassVar[str] = "message_too_large"


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What came of a message. A sender need not send it again, whichever it is.

    `duplicate`: it came before; `reason` and `task` are as they were then. `ignored`: `reason` says why there is no
    task.
    """

    answer: Literal["created", "duplicate", "ignored"]
    reason: str = ""
    task: str | None = None


async def receive_hook(
    app: App, hook_id: str, headers: Mapping[str, str], body: bytes
) -> HookAnswer:
    """Take a message. The names of headers may be spelt in any case.

    Raises:
        MessageTooLarge: it has more than 256 KiB.
        HookRefused: there is no such hook, or its signature or its time does not fit.
    """
    if len(body) > LARGEST:
        raise MessageTooLarge(f"a message may have {LARGEST // 1024} KiB, this one is larger")
    spelt = {name.lower(): value for name, value in headers.items()}
    message_id = spelt.get("webhook-id", "")
    hook = await _signed_hook(app, hook_id, message_id, spelt, body)
    known = await app.records.get(HOOK_RECEIPTS, f"{hook.id}/{message_id}")
    if known is not None:
        return _again(known.value)
    read = _read(body)
    ignored = "the body is no JSON" if read is None else await _against(app, hook, read.value)
    if read is None or ignored:
        return await _ignored(app, hook, message_id, ignored)
    try:
        task = await _created(app, hook, message_id, read.value)
    except RecordConflict:  # the same message came twice at the same moment
        known = await app.records.get(HOOK_RECEIPTS, f"{hook.id}/{message_id}")
        if known is None:
            raise
        return _again(known.value)
    except UserMistake as error:
        return await _ignored(app, hook, message_id, str(error))
    await start_received(app)
    return HookAnswer("created", task=task.key)


async def start_received(app: App) -> int:
    """Start the tasks of messages that were taken and whose tasks nobody started yet; return how many."""
    started = 0
    for kept in await app.records.find(HOOK_RECEIPTS, Wanted(states=("created",))):
        task = await app.records.get(TASKS, kept.value.task or "")
        with contextlib.suppress(
            UserMistake
        ):  # another worker started it, or it cannot be: it stays open
            if task is not None and task.value.state == "open":
                await queue_task(app, _as_member(kept.value, task.value), task.value.key)
        settled = kept.value.model_copy(update={"started": True})
        with contextlib.suppress(RecordConflict):
            await app.records.keep([HOOK_RECEIPTS.put(settled, over=kept)])
            started += 1
    return started


async def _signed_hook(
    app: App, hook_id: str, message_id: str, headers: Mapping[str, str], body: bytes
) -> HookRecord:
    kept: Kept[HookRecord] | None = await app.records.get(HOOKS, hook_id)
    keys = await keys_of(app, kept.value.secret) if kept is not None else [bytes(32)]
    problem = problem_with(
        keys,
        message_id=message_id,
        at=headers.get("webhook-timestamp", ""),
        given=headers.get("webhook-signature", ""),
        body=body,
        now=app.ports.clock.now(),
    )
    if not _MESSAGE_ID.fullmatch(message_id) or "/" in message_id:
        problem = "webhook-id is missing or no id"
    if kept is None or problem is not None:
        why = problem or "webhook-signature does not fit"
        raise HookRefused(f"the message is not accepted: {why}")
    return kept.value


@dataclass(frozen=True, slots=True)
class _Read:
    value: JsonValue


def _read(body: bytes) -> _Read | None:
    """Return what a body says; None where it is no JSON, or nested deeper than anybody needs."""
    try:
        value: JsonValue = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return None if is_deeper(value, _DEEPEST) else _Read(value)


async def _against(app: App, hook: HookRecord, value: JsonValue) -> str:
    """Return why a message makes no task; nothing where it does."""
    for condition in hook.when:
        found = found_at(value, condition.path)
        text = found if isinstance(found, str) else json.dumps(found)
        if text not in condition.values:
            return f"{condition.path} is not {' or '.join(condition.values)}"
    space = await app.records.get(SPACES, hook.space)
    return f"space {hook.space} is archived" if space is None or space.value.archived else ""


async def _created(app: App, hook: HookRecord, message_id: str, value: JsonValue) -> TaskRecord:
    now = app.ports.clock.now()

    def along(task: TaskRecord) -> tuple[Write, ...]:
        receipt = HookReceipt(
            hook=hook.id,
            message_id=message_id,
            space=hook.space,
            answer="created",
            task=task.key,
            started=False,
            at=now,
        )
        return (HOOK_RECEIPTS.put(receipt),)

    who = Principal(hook.actor, role="member", spaces={hook.space: "contributor"})
    return await create_planned(app, who, hook.space, wish_of(hook.template, value), along)


def _as_member(receipt: HookReceipt, task: TaskRecord) -> Principal:
    return Principal(task.created_by, role="member", spaces={receipt.space: "contributor"})


async def _ignored(app: App, hook: HookRecord, message_id: str, reason: str) -> HookAnswer:
    receipt = HookReceipt(
        hook=hook.id,
        message_id=message_id,
        space=hook.space,
        answer="ignored",
        reason=reason[:500],
        at=app.ports.clock.now(),
    )
    with contextlib.suppress(RecordConflict):
        await app.records.keep([HOOK_RECEIPTS.put(receipt)])
    return HookAnswer("ignored", receipt.reason)


def _again(receipt: HookReceipt) -> HookAnswer:
    return HookAnswer("duplicate", receipt.reason, receipt.task)

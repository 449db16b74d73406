"""Hooks: tasks that come by messages from outside."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.frozen import Frozen
from callboard.domain.org.space import SpaceId
from callboard.domain.org.task import TaskKey
from callboard.domain.org.template import TaskTemplate
from callboard.domain.record import Kind

HookId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
_PATH = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"


class HookCondition(Frozen):
    """What a message must say: at `path` (`issue.state`) there is one of `values`, as text."""

    path: Annotated[str, Field(pattern=_PATH, max_length=200)]
    values: Annotated[tuple[str, ...], Field(min_length=1, max_length=50)]


class HookRecord(Frozen):
    """Creates and starts a task of a space for every message that somebody with the secret sends and that meets
    all of `when`. `secret` is the name under which the vault keeps the key.
    """

    id: HookId
    space: SpaceId
    template: TaskTemplate
    when: Annotated[tuple[HookCondition, ...], Field(max_length=20)] = ()
    secret: str
    created_by: Actor
    created_at: datetime

    @property
    def actor(self) -> Actor:
        """The actor that this hook is in events; no service account has such a name."""
        return Actor(kind="integration", name=f"hook:{self.id}")


class HookReceipt(Frozen):
    """What came of a message, for whoever sends it again."""

    hook: HookId
    message_id: Annotated[str, Field(min_length=1, max_length=200)]
    space: SpaceId
    answer: Literal["created", "ignored"]
    reason: str = ""
    task: TaskKey | None = None
    started: bool = True
    at: datetime


HOOKS: Final = Kind("hook", HookRecord, key=lambda hook: hook.id, space=lambda hook: hook.space)
HOOK_RECEIPTS: Final = Kind(
    "hook_receipt",
    HookReceipt,
    key=lambda receipt: f"{receipt.hook}/{receipt.message_id}",
    space=lambda receipt: receipt.space,
    state=lambda receipt: "settled" if receipt.started else "created",
    audited=False,
)

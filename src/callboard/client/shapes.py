"""What a Callboard answers, as far as programs build on it. More fields may come: they are kept as they are."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

RunStatus = Literal["running", "waiting", "completed", "failed", "cancelled"]


class Shape(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Account(Shape):
    """Somebody who acts: a person, or an integration."""

    kind: str
    name: str


class Me(Shape):
    """Who the client is, and what it may do."""

    actor: Account
    role: str | None
    spaces: dict[str, str]
    scopes: list[str] | None
    way: str


class Run(Shape):
    """A run. `cost_usd` is None where a part of it is unknown."""

    run_id: str
    kind: str
    title: str
    status: RunStatus
    space: str
    task: str | None
    cost_usd: float | None
    waiting_for: str | None
    created_at: datetime
    ended_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.status in ("completed", "failed", "cancelled")


class Gate(Shape):
    """A gate that waits. A decision repeats its `digest`."""

    run: Run
    gate_id: str
    reason: str
    question: str
    digest: str
    tool: str | None
    arguments: dict[str, Any] | None


class Event(Shape):
    """An event of a run: `type`, its place `seq` in the log, when, and what the type says."""

    type: str
    run_id: str
    seq: int
    at: datetime


class Page(Shape):
    """A part of a list."""

    items: list[dict[str, Any]]
    next_cursor: str | None = None

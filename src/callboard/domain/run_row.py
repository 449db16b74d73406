"""The read projection of a run: what lists and boards show without folding logs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callboard.domain.usage import Bill, Usage

RunStatus = Literal["running", "waiting", "completed", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One line of a listing, derived from the run's events and from nothing else.

    `title` is the agent's display name, or the task's title for a workflow run; `subject` the agent's or
    workflow's id, `digest` that of the agent's definition. `waiting_for` is the question of the open gate,
    `waiting_on` who can answer it, `waiting_since` and `waiting_until` from when until when.
    `space` is what the run belongs to, `task` the key of the task that it works on, `step` the step that it
    serves; of a workflow run the one that began last.
    """

    run_id: str
    kind: Literal["agent", "workflow"]
    subject: str
    title: str
    status: RunStatus
    root_id: str
    parent_id: str | None
    model: str | None
    workspace: str
    space: str = ""
    task: str | None = None
    digest: str | None = None
    step: str | None = None
    turns: int = 0
    tool_calls: int = 0
    usage: Usage = Usage()
    bill: Bill = Bill()
    waiting_for: str | None = None
    waiting_on: str | None = None
    waiting_since: datetime | None = None
    waiting_until: datetime | None = None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None

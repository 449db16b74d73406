"""Tasks, workflows and performance as they go over the wire."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel

from callboard.api.shapes import Dollars
from callboard.domain.actor import Actor
from callboard.domain.org.attachment import Attachment
from callboard.domain.org.task import TaskRecord
from callboard.domain.workflow import WorkflowDefinition
from callboard.engine.performance import Interval, Performance
from callboard.engine.tasks.standing import Health
from callboard.usecases.board import TaskView as Seen
from callboard.usecases.workflows import Flow


class TaskView(TaskRecord):
    """A task with how it stands: its health, that in one sentence, who is next and since when, what it and
    everything below it cost, and what is expected beyond that.
    """

    health: Health
    sentence: str
    next_actor: str | None
    since: datetime
    step: str | None
    cost_usd: Dollars | None
    elapsed_s: float
    left_s: float | None
    left_usd: Dollars | None
    blocks: tuple[str, ...]
    subtasks: tuple[str, ...]
    subtasks_done: int

    @classmethod
    def of_seen(cls, seen: Seen) -> Self:
        """Return the view of a task."""
        standing = seen.standing
        return cls(
            **dict(seen.task),
            health=standing.health,
            sentence=standing.sentence,
            next_actor=standing.next_actor,
            since=standing.since,
            step=seen.row.step if seen.row is not None else None,
            cost_usd=seen.bill.total_usd,
            elapsed_s=standing.elapsed_s,
            left_s=standing.left_s,
            left_usd=standing.left_usd,
            blocks=seen.blocks,
            subtasks=tuple(one.key for one in seen.subtasks),
            subtasks_done=seen.progress[0],
        )


class FlowView(BaseModel):
    """A workflow: its definition, the version that this is and the one that is live; null for one that comes with
    the product. `space` is the one that it is for, null for all.
    """

    definition: WorkflowDefinition
    version: int | None
    live: int | None
    space: str | None

    @classmethod
    def of(cls, flow: Flow) -> Self:
        """Return the view of a workflow."""
        return cls(
            definition=flow.definition, version=flow.version, live=flow.live, space=flow.space
        )


class IntervalView(BaseModel):
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval | None) -> Self | None:
        """Return the view of an interval."""
        if interval is None:
            return None
        return cls(value=interval.value, low=interval.low, high=interval.high)


class PerformanceView(BaseModel):
    """A line of performance; the documentation says what each number means. `run_ids` are the runs behind it."""

    of: dict[str, str]
    attempts: int
    settled: int
    accepted: int
    tasks: int
    acceptance: IntervalView | None
    error_rate: float | None
    rejection_rate: float | None
    cost_usd: Dollars
    cost_per_attempt_usd: IntervalView | None
    cost_per_accepted_usd: Dollars | None
    rework_usd: Dollars
    unknown_cost: int
    median_s: float | None
    p90_s: float | None
    input_tokens: int
    output_tokens: int
    believable: bool
    run_ids: tuple[str, ...]

    @classmethod
    def of_line(cls, axes: tuple[str, ...], line: Performance) -> Self:
        """Return the view of a line."""
        same: dict[str, Any] = {
            name: getattr(line, name) for name in cls.model_fields if hasattr(line, name)
        }
        same |= {
            "of": dict(zip(axes, line.key, strict=True)),
            "acceptance": IntervalView.of(line.acceptance),
            "cost_per_attempt_usd": IntervalView.of(line.cost),
            "cost_per_accepted_usd": line.per_accepted_usd,
            "believable": line.is_believable,
        }
        return cls(**same)


class AttachmentView(BaseModel):
    """A file given with a task. `media_type` is what its content shows that it is."""

    number: int
    name: str
    media_type: str
    size: int
    sha256: str
    by: Actor
    at: datetime

    @classmethod
    def of(cls, one: Attachment) -> Self:
        """Return an attachment as JSON shows it."""
        return cls(
            number=one.number,
            name=one.name,
            media_type=one.media_type,
            size=one.size,
            sha256=one.sha256,
            by=one.actor,
            at=one.at,
        )

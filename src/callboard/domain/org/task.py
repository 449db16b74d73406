"""Tasks as the organisation keeps them: what is to be done, in which space, and where it stands."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.frozen import Frozen
from callboard.domain.org.space import SpaceId
from callboard.domain.record import Kind
from callboard.domain.usage import Usd
from callboard.domain.workflow import ContextItem, Priority

TaskKey = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,9}-[1-9][0-9]*$")]
TaskState = Literal["open", "queued", "under_way", "done", "failed", "cancelled"]
ENDED: Final[tuple[TaskState, ...]] = ("done", "failed", "cancelled")
Label = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9:._-]{0,49}$")]


class TaskRecord(Frozen):
    """A task of a space.

    `state` is where it stands in its life: `open` until somebody starts it, `queued` until what it depends on is
    done and there is room, `under_way` while its run goes through the workflow. `runs` are its runs, the latest
    last. `owner` is whoever answers for it (`person:ID`), `depends_on` the tasks that must be done before.
    `budget_usd` bounds each of its runs.
    """

    key: TaskKey
    space: SpaceId
    title: Annotated[str, Field(min_length=1, max_length=300)]
    brief: Annotated[str, Field(max_length=100_000)] = ""
    criteria: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    context: Annotated[tuple[ContextItem, ...], Field(max_length=50)] = ()
    labels: Annotated[tuple[Label, ...], Field(max_length=30)] = ()
    priority: Priority = "normal"
    parent: TaskKey | None = None
    depends_on: Annotated[tuple[TaskKey, ...], Field(max_length=100)] = ()
    owner: str | None = None
    budget_usd: Usd | None = None
    workflow: str
    repository: str
    state: TaskState = "open"
    runs: tuple[str, ...] = ()
    created_by: Actor
    started_by: Actor | None = None
    created_at: datetime
    queued_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""

    @property
    def number(self) -> int:
        """The number within its space."""
        return int(self.key.rpartition("-")[2])

    @property
    def run_id(self) -> str | None:
        """The latest run."""
        return self.runs[-1] if self.runs else None


class Comment(Frozen):
    """Something that somebody said about a task. `mentions` are accounts (`person:ID`) that it names."""

    task: TaskKey
    number: Annotated[int, Field(ge=1)]
    space: SpaceId
    actor: Actor
    text: Annotated[str, Field(min_length=1, max_length=100_000)]
    mentions: tuple[str, ...] = ()
    at: datetime


TASKS: Final = Kind(
    "task",
    TaskRecord,
    key=lambda task: task.key,
    space=lambda task: task.space,
    state=lambda task: task.state,
)
COMMENTS: Final = Kind(
    "comment",
    Comment,
    key=lambda comment: f"{comment.task}/{comment.number:06d}",
    space=lambda comment: comment.space,
)

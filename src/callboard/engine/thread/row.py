"""What a row of a thread can be. Every text in it is as somebody wrote it: whoever shows it makes it safe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from callboard.domain.actor import Actor
from callboard.domain.events.files import FileChange
from callboard.domain.events.gate import AskingRule, GateReason
from callboard.domain.message import JsonObject
from callboard.domain.usage import Bill, Usage
from callboard.engine.thread.questions import Question


@dataclass(frozen=True, slots=True)
class Player:
    """Whose run it is: a name for people, how deep below the thread's first agents it works, and for which step."""

    name: str
    depth: int = 0
    is_agent: bool = True
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is in a thread: the runs by id, what steps are called, and the budget in US dollars. `root` is the run that
    it is of: the ends of those below it are told where they were begun.
    """

    players: Mapping[str, Player]
    titles: Mapping[str, str]
    limit_usd: Decimal | None = None
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody said something. `by` a `model` or a `program` it is an agent's, by `engine` a reminder of ours."""

    by: Literal["model", "program", "engine", "person"]
    name: str
    text: str
    unfinished: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call and what it came to. `about` tells the arguments in a line, `outcome` the result in a few words; the
    whole result is that of the event `result_seq` (None: there is none yet).
    """

    tool: str
    about: str
    arguments: JsonObject | None
    state: Literal["running", "done", "failed", "refused", "unknown"]
    outcome: str = ""
    took_ms: int | None = None
    result_seq: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Folded:
    """Calls of one tool, one after the other, that all went well."""

    tool: str
    calls: tuple["Row", ...]
    files: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class Changed:
    """Files are others now; the diff is that of the event `seq`."""

    changes: tuple[FileChange, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class Spent:
    """The thread has cost so many percent of its budget."""

    percent: int
    spent_usd: Decimal
    limit_usd: Decimal


@dataclass(frozen=True, slots=True)
class StepBegan:
    """A step of the task begins, for the `attempt`-th time."""

    step: str
    title: str
    attempt: int


@dataclass(frozen=True, slots=True)
class StepOver:
    """What a step came to, and why it did not pass."""

    title: str
    outcome: Literal["passed", "rejected", "failed", "skipped"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's word on a question."""

    actor: Actor
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that is, or was, to be decided. `state` is `open` until it is; `by` whoever decided, `given` all who
    approved before that. `questions` are an agent's own.
    """

    gate_id: str
    reason: GateReason
    question: str
    tool: str | None
    arguments: JsonObject | None
    rules: tuple[AskingRule, ...]
    deadline_at: datetime | None
    state: Literal["open", "approved", "rejected", "answered", "expired", "withdrawn"] = "open"
    questions: tuple[Question, ...] = ()
    given: tuple[Approval, ...] = ()
    by: Approval | None = None
    answer: str = ""
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Something went wrong: a sentence, and what is known of its cause."""

    sentence: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know, in a line; `more` is the rest of it."""

    text: str
    more: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Helper:
    """Another agent's run below this one, and how it stands."""

    name: str
    run_id: str
    state: Literal["running", "waiting", "completed", "failed", "cancelled"] = "running"
    question: str = ""
    bill: Bill | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """Something that the engine verified itself. `passed` None: it is still at it."""

    command: str
    passed: bool | None = None
    exit_code: int | None = None
    output: str = ""
    took_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A run is over; `text` is what it returned, or why it came to nothing."""

    status: Literal["completed", "failed", "cancelled"]
    text: str
    cost_usd: Decimal | None
    usage: Usage


Body = (
    Said
    | Called
    | Folded
    | Changed
    | Spent
    | StepBegan
    | StepOver
    | Asked
    | Problem
    | Note
    | Helper
    | Checked
    | Ended
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row. `key` names it for ever, `position` orders it, `touched` is the last event that made it what it is;
    `seq` is the event of `run_id` that it began with. `facets` are those of all its events.
    """

    key: str
    position: int
    touched: int
    at: datetime
    run_id: str
    seq: int
    who: Player
    facets: int
    body: Body
    wanted: bool = True

"""What an agent run adds up to. Nothing here is stored: every field follows from the events."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.child_run import (
    ChildRunEnded,
    ChildRunRefused,
    ChildRunStarted,
    ChildRunSuspended,
)
from callboard.domain.events.conversation import Subgoal
from callboard.domain.events.gate import ApprovalGiven, Closing, GateOpened
from callboard.domain.events.model_call import Finish, ModelFailure
from callboard.domain.events.program import SampleCompleted
from callboard.domain.events.run import AgentSubject, CancellationRequested, RunCreated, Terminal
from callboard.domain.frozen import unchecked, value
from callboard.domain.message import Message, ToolResultPart
from callboard.domain.policy import Policy
from callboard.domain.run.actions import Deeds
from callboard.domain.run.call import Call
from callboard.domain.tool import Source
from callboard.domain.usage import Bill, Usage


@dataclass(frozen=True)
class Child:
    """A child run of the current turn; `ended` once it reached its terminal event, `waiting` while it, or
    a run below it, waits at a gate.
    """

    started: ChildRunStarted
    ended: ChildRunEnded | None = None
    waiting: ChildRunSuspended | None = None


@value
class TurnOutcome:
    """What the engine must know of a turn to say whether another follows.

    `call_ids` are the calls of the answer, `tools` the names of those that were made, in order.
    """

    finish: Finish
    call_ids: tuple[str, ...]
    had_text: bool
    tools: tuple[str, ...] = ()
    had_refusals: bool = False


ProgramMode = Literal[
    "ready", "calls", "step", "step_all", "generate", "returned", "failed", "reminded"
]


@dataclass(frozen=True)
class ProgramState:
    """Where the run's program stands.

    `mode`: it is to be advanced (`ready`), its calls are under way (`calls`), the model owes it one answer
    (`step`), answers until the turn ends (`step_all`) or some samples (`generate`), it is over (`returned`,
    `failed` with `message`, `diverged` where that was over a replay), or over and the model was reminded of the output that is missing (`reminded`).
    `yields` counts what it yielded, `results` are those of its last calls, `responses` the samples that it
    asked for last, `steps_complete` whether the model's last answer ended the turn, as it was told.
    """

    source_digest: str
    seed: str
    mode: ProgramMode = "ready"
    yields: int = 0
    results: tuple[ToolResultPart, ...] = ()
    steps_complete: bool = False
    count: int = 0
    samples: tuple[SampleCompleted, ...] = ()
    sampled: bool = False
    diverged: bool = False
    message: str = ""


@dataclass(frozen=True)
class RunState:
    """An agent run at one point of its log.

    `turn` counts model answers. `position` is the place of the model that is asked in the run's chain, `attempt`
    counts requests for the next answer, `failures` those of them that this model failed. `calls`, `children` and `refused_children` belong to the current turn and are empty
    between turns. `late` are messages that wait for the turn's results, which must follow their calls.
    `recoveries` counts consecutive answers that came to nothing, `answered_at` is when the last one came. `unrecorded` says that files may have
    changed since `tree` was recorded. `policy` are all rules in force, `read` where what the run has seen so far
    comes from. `short_of` is the budget that the next model call is too dear for.
    `deeds` are the last things that it did, `warned_at` is the turn after which it was last told (or allowed)
    to go on although they are the same ones over and over, `looped` that it is to end for that.
    """

    run_id: str
    created: RunCreated
    subject: AgentSubject
    started_at: datetime
    at: datetime
    seq: int
    epoch: int = 1
    policy: Policy = field(default_factory=Policy)
    read: frozenset[Source] = frozenset()
    messages: tuple[Message, ...] = ()
    own_from: int = 0
    turn: int = 0
    position: int = 0
    attempt: int = 0
    failures: int = 0
    failure: ModelFailure | None = None
    calls: tuple[Call, ...] = ()
    late: tuple[Message, ...] = ()
    children: tuple[Child, ...] = ()
    refused_children: tuple[ChildRunRefused, ...] = ()
    outcome: TurnOutcome | None = None
    recoveries: int = 0
    gate: GateOpened | None = None
    approvals: tuple[ApprovalGiven, ...] = ()
    decisions: tuple[tuple[GateOpened, Closing], ...] = ()
    gates_opened: int = 0
    program: ProgramState | None = None
    short_of: BudgetReached | None = None
    deeds: Deeds = field(default_factory=Deeds)
    warned_at: int = 0
    looped: bool = False
    subgoals: dict[str, Subgoal] = field(default_factory=dict[str, Subgoal])
    answered_at: datetime | None = None
    output_is_set: bool = False
    output: JsonValue = None
    reminded: bool = False
    tool_calls: int = 0
    usage: Usage = Usage()
    bill: Bill = Bill()
    tree: str | None = None
    unrecorded: bool = False
    cancellation: CancellationRequested | None = None
    terminal: Terminal | None = None

    @property
    def status(self) -> Literal["running", "waiting", "completed", "failed", "cancelled"]:
        """Where the run stands."""
        if self.terminal is not None:
            return status_of(self.terminal)
        waiting = self.gate is not None or any(child.waiting for child in self.children)
        return "waiting" if waiting else "running"

    @property
    def choice(self) -> ModelChoice:
        """The model that is asked, and where."""
        chain = self.subject.chain
        if not chain:
            model = self.subject.model
            return unchecked(
                ModelChoice, model=model, provider=None, base_url=None, credential=None
            )
        return chain[min(self.position, len(chain) - 1)]

    @property
    def model(self) -> str:
        """The name of the model that is asked."""
        return self.choice.model if self.subject.chain else self.subject.model

    def lost(self, call: Call) -> bool:
        """Return whether the call was begun by a process that is gone, and not settled."""
        return call.result is None and 0 < call.epoch < self.epoch


def status_of(terminal: Terminal) -> Literal["completed", "failed", "cancelled"]:
    """Return a terminal event's status word."""
    match terminal.type:
        case "run.completed":
            return "completed"
        case "run.failed":
            return "failed"
        case "run.cancelled":
            return "cancelled"

"""Child runs: started by a spawning tool call or by a workflow step. Each has a log of its own."""

from typing import Literal

from callboard.domain.events.event import Event
from callboard.domain.frozen import Frozen
from callboard.domain.message import Message
from callboard.domain.output import RunOutput
from callboard.domain.tool import Source
from callboard.domain.usage import Bill, Usage


class ChildRunStarted(Event):
    """The child's log exists. `origin` is the tool call's id or the workflow step's id, `index` the place
    in the request.
    """

    type: Literal["child_run.started"] = "child_run.started"
    origin: str
    index: int
    child_run_id: str
    agent: str
    agent_name: str
    definition_digest: str


class ChildRunRefused(Event):
    """The child is not started; `message` tells the parent why."""

    type: Literal["child_run.refused"] = "child_run.refused"
    origin: str
    index: int
    agent: str
    message: str


class ChildRunSuspended(Event):
    """The child, or a run below it, waits at a gate; everything else here is settled."""

    type: Literal["child_run.suspended"] = "child_run.suspended"
    child_run_id: str
    gate_id: str
    question: str


class HistoryChange(Frozen):
    """What an inline child made of the conversation that it was given: the first `kept` messages of it, and
    those behind them.
    """

    kept: int
    added: tuple[Message, ...]


class ChildRunEnded(Event):
    """The child reached its terminal event; its bill is now part of the parent's.

    `history` is there for an inline child, whose conversation becomes the parent's. `read` says where what the
    child may tell comes from.
    """

    type: Literal["child_run.ended"] = "child_run.ended"
    child_run_id: str
    status: Literal["completed", "failed", "cancelled"]
    output: RunOutput
    bill: Bill
    usage: Usage
    history: HistoryChange | None = None
    read: tuple[Source, ...] = ()

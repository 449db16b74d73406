"""Programs (`handleSteps`): the journal from which a generator is driven again after a crash.

What a yield returned is not repeated here: it follows from the events between it and the next one.
"""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from callboard.domain.events.event import Event
from callboard.domain.events.model_call import ModelFailure
from callboard.domain.events.tool_call import CallRequest
from callboard.domain.frozen import Frozen
from callboard.domain.message import Message
from callboard.domain.usage import Basis, Usage, Usd

YieldKind = Literal["tool", "step", "step_all", "text", "generate"]
ProgramEnding = Literal["returned", "failed", "diverged"]


class ProgramLog(Frozen):
    """One call of the program's logger."""

    level: Literal["debug", "info", "warn", "error"]
    data: JsonValue
    message: str = ""


class ProgramStarted(Event):
    """The run's program begins. `source_digest` pins its text; `seed` decides what is random to it."""

    type: Literal["program.started"] = "program.started"
    source_digest: str
    seed: str


class ProgramYielded(Event):
    """The program yielded for the `index`-th time (from 1); `digest` is the SHA-256 of what it yielded.

    `clock` is what the program's own clock showed while it ran up to this yield, `steps_complete` what it
    was told of the model's last answer. `message` holds what it says and the calls that it asks for; it
    joins the conversation where it is `shown`. `requests` are the calls to be made (a `tool_call.refused`
    follows for each of the others), `count` the answers to be sampled.
    """

    type: Literal["program.yielded"] = "program.yielded"
    index: int
    kind: YieldKind
    digest: str
    clock: datetime
    steps_complete: bool = False
    message: Message | None = None
    shown: bool = True
    requests: tuple[CallRequest, ...] = ()
    count: int = 0
    logs: tuple[ProgramLog, ...] = ()


class ProgramEnded(Event):
    """The program is over: it returned, it failed, or, driven again, it yielded something else than before
    (`diverged`). `message` says why it did not return.
    """

    type: Literal["program.ended"] = "program.ended"
    ending: ProgramEnding
    message: str = ""
    logs: tuple[ProgramLog, ...] = ()


class SampleStarted(Event):
    """A request for answer number `index` (from 0) of several over the same conversation is about to be
    sent.
    """

    type: Literal["sample.started"] = "sample.started"
    index: int
    attempt: int
    model: str


class SampleCompleted(Event):
    """One of several answers; it does not join the conversation."""

    type: Literal["sample.completed"] = "sample.completed"
    index: int
    text: str
    usage: Usage | None
    cost_usd: Usd | None
    market_usd: Usd | None = None
    basis: Basis = "unknown"
    credential: str | None = None
    duration_ms: int = 0


class SampleFailed(Event):
    """The request ended without an answer."""

    type: Literal["sample.failed"] = "sample.failed"
    index: int
    attempt: int
    failure: ModelFailure

"""Model calls: an effect with a beginning and an end. An ended call is never paid again."""

from typing import Literal

from callboard.domain.events.event import Event
from callboard.domain.events.tool_call import CallRequest
from callboard.domain.frozen import Frozen
from callboard.domain.message import Message
from callboard.domain.usage import Basis, Usage, Usd

Finish = Literal["stop", "tool_calls", "length", "refusal", "other"]


class ModelCallStarted(Event):
    """A request is about to be sent. `turn` counts from 1, `attempt` from 1 within the turn."""

    type: Literal["model_call.started"] = "model_call.started"
    turn: int
    attempt: int
    model: str


class ModelCallCompleted(Event):
    """The whole answer. `requests` are those of its calls that are to be made; a `tool_call.refused` follows
    for each of the others. `cost_usd` is what was paid, None where that is unknown, `basis` how it is known;
    `market_usd` is the vendor's own price where that is another one. `answered_by` is the provider's own name
    of the model that answered, `credential` the stored key that was used.
    """

    type: Literal["model_call.completed"] = "model_call.completed"
    turn: int
    attempt: int
    message: Message
    finish: Finish
    usage: Usage | None
    cost_usd: Usd | None
    market_usd: Usd | None = None
    basis: Basis = "unknown"
    requests: tuple[CallRequest, ...] = ()
    answered_by: str | None = None
    credential: str | None = None
    duration_ms: int = 0


class ModelFailure(Frozen):
    """Why a call failed, in the provider's words and ours (`reason`, see `ModelError`)."""

    reason: str
    message: str
    retryable: bool
    retry_after_s: float | None = None


class ModelReplaced(Event):
    """From here on the run asks the next model of its chain, at `position` (from 1: the first is asked before
    anything is replaced), because the one before it does not answer: `failure` is the last of its failures.
    Nothing of its answer was recorded.
    """

    type: Literal["model.replaced"] = "model.replaced"
    position: int
    model: str
    replaces: str
    failure: ModelFailure


class ModelCallFailed(Event):
    """The call ended without an answer."""

    type: Literal["model_call.failed"] = "model_call.failed"
    turn: int
    attempt: int
    failure: ModelFailure

"""Tool calls, from the wish to the outcome that the model or the program reads.

Whoever asks (`model_call.completed`, `program.yielded`) carries the requests. Then `started → completed`, or
`refused`, or, after a crash in the middle, `started → interrupted` (outcome unknown) or `started` once
more where repeating is safe.
"""

from typing import Literal

from pydantic import Field

from callboard.domain.events.event import BlobRef, Event
from callboard.domain.frozen import Frozen
from callboard.domain.message import JsonObject, ToolOutputs
from callboard.domain.tool import Source, ToolFacts


class CallRequest(Frozen):
    """A call whose arguments are valid. `arguments` are the normalised ones, None where those are what the
    message has. `tool` may be another one than the message names: an agent's own name means spawning it.
    """

    call_id: str
    tool: str
    facts: ToolFacts
    arguments: JsonObject | None = None


class ToolCallRefused(Event):
    """The call is not made; `message` tells the model why. `reason`: `unknown_tool`, `invalid_arguments`,
    `not_available`, `denied`, `rejected` (by a person) or `cancelled`.
    """

    type: Literal["tool_call.refused"] = "tool_call.refused"
    turn: int
    call_id: str
    tool: str
    reason: str
    message: str


class ToolCallStarted(Event):
    """The call is about to be made. `epoch` tells a live call from one lost in a crash."""

    type: Literal["tool_call.started"] = "tool_call.started"
    turn: int
    call_id: str
    tool: str
    epoch: int


class ToolCallCompleted(Event):
    """The call was made and returned `output`; `is_error` marks a failure that the model should correct. `source`
    labels the output: what comes from anywhere but people is untrusted.
    """

    type: Literal["tool_call.completed"] = "tool_call.completed"
    turn: int
    call_id: str
    tool: str
    output: ToolOutputs | None = Field(default=None)
    is_error: bool = False
    source: Source = "people"
    duration_ms: int = 0
    blob: BlobRef | None = None


class ToolCallInterrupted(Event):
    """The call was begun, its process died, and it must not be repeated: its outcome is unknown."""

    type: Literal["tool_call.interrupted"] = "tool_call.interrupted"
    turn: int
    call_id: str
    message: str

"""Tool calls, from the model's wish to the outcome that it reads.

`requested → started → completed`, or `requested → refused`, or, after a crash in the middle,
`started → interrupted` (outcome unknown) or `started` once more where repeating is safe.
"""

from typing import Literal

from pydantic import Field

from callboard.domain.events.event import BlobRef, Event
from callboard.domain.message import JsonObject, ToolOutputs
from callboard.domain.tool import ToolFacts


class ToolCallRequested(Event):
    """The model asked for a call whose arguments are valid; `arguments` are the normalised ones."""

    type: Literal["tool_call.requested"] = "tool_call.requested"
    turn: int
    call_id: str
    tool: str
    arguments: JsonObject
    facts: ToolFacts


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
    epoch: int


class ToolCallCompleted(Event):
    """The call was made and returned `output`; `is_error` marks a failure that the model should correct."""

    type: Literal["tool_call.completed"] = "tool_call.completed"
    turn: int
    call_id: str
    tool: str
    output: ToolOutputs | None = Field(default=None)
    is_error: bool = False
    duration_ms: int = 0
    blob: BlobRef | None = None


class ToolCallInterrupted(Event):
    """The call was begun, its process died, and it must not be repeated: its outcome is unknown."""

    type: Literal["tool_call.interrupted"] = "tool_call.interrupted"
    turn: int
    call_id: str
    message: str

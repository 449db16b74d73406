"""Changes of the run's own state that no effect carries."""

from typing import Literal

from pydantic import JsonValue

from callboard.domain.events.event import Event
from callboard.domain.frozen import Frozen
from callboard.domain.message import Message


class MessageAdded(Event):
    """A message joined the conversation other than as an answer or a tool result."""

    type: Literal["message.added"] = "message.added"
    message: Message


class MessagesReplaced(Event):
    """The conversation was replaced as a whole."""

    type: Literal["messages.replaced"] = "messages.replaced"
    messages: tuple[Message, ...]


class ContextCompacted(Event):
    """The conversation had grown too long and was replaced by a summary made of it. Tokens are estimates."""

    type: Literal["context.compacted"] = "context.compacted"
    messages: tuple[Message, ...]
    tokens_before: int
    tokens_after: int


class Subgoal(Frozen):
    """One of the aims that an agent keeps track of."""

    objective: str
    status: Literal["NOT_STARTED", "IN_PROGRESS", "COMPLETE", "ABORTED"]
    plan: str | None = None
    logs: tuple[str, ...] = ()


class SubgoalRecorded(Event):
    """A subgoal was created, or became what it says here."""

    type: Literal["subgoal.recorded"] = "subgoal.recorded"
    id: str
    subgoal: Subgoal


class OutputSet(Event):
    """The structured output was set; the last one counts."""

    type: Literal["output.set"] = "output.set"
    value: JsonValue

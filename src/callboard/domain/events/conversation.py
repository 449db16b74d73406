"""Changes of the run's own state that no effect carries."""

from typing import Literal

from pydantic import JsonValue

from callboard.domain.events.event import Event
from callboard.domain.message import Message


class MessageAdded(Event):
    """A message joined the conversation other than as an answer or a tool result."""

    type: Literal["message.added"] = "message.added"
    message: Message


class MessagesReplaced(Event):
    """The conversation was replaced as a whole."""

    type: Literal["messages.replaced"] = "messages.replaced"
    messages: tuple[Message, ...]


class OutputSet(Event):
    """The structured output was set; the last one counts."""

    type: Literal["output.set"] = "output.set"
    value: JsonValue

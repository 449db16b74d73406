"""What a run returns. The `type` spellings are the definition language's own."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from callboard.domain.frozen import Frozen


class LastMessage(Frozen):
    """The final answer as text; `text` repeats it under the name that every output with text has."""

    type: Literal["lastMessage"] = "lastMessage"
    value: str
    text: str


class AllMessages(Frozen):
    """The whole conversation of the run, oldest first, as JSON."""

    type: Literal["allMessages"] = "allMessages"
    value: tuple[JsonValue, ...]


class StructuredOutput(Frozen):
    """The object given to `set_output`, or None where nothing was set."""

    type: Literal["structuredOutput"] = "structuredOutput"
    value: JsonValue


class ErrorOutput(Frozen):
    """The run came to nothing. `code` is stable, `message` is for people."""

    type: Literal["error"] = "error"
    message: str
    code: str = "error"


RunOutput = Annotated[
    LastMessage | AllMessages | StructuredOutput | ErrorOutput, Field(discriminator="type")
]

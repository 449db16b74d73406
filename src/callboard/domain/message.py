"""The conversation in our own words. No vendor's type or spelling appears here.

Leftovers that a vendor wants back (signatures, item ids) travel in `details`, opaque to us.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue, SerializeAsAny

from callboard.domain.frozen import Frozen

JsonObject = dict[str, JsonValue]

MOST_DIGITS: Final = 4000
"""How many digits a whole number in JSON may have; the interpreter reads no more than 4300."""

DEEPEST: Final = 200
"""How many lists and objects JSON may have in one another. Pydantic takes some more, writes fewer than it takes, and
what Python's own reader takes depends on its version.
"""

TOO_DEEP: Final = f"more than {DEEPEST} lists and objects in one another"


def is_deeper(value: JsonValue, levels: int = DEEPEST) -> bool:
    """Return whether JSON has more lists and objects in one another than so many."""
    level = [value]
    for _ in range(levels + 1):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


class TextPart(Frozen):
    """Plain text."""

    kind: Literal["text"] = "text"
    text: str


class ReasoningPart(Frozen):
    """A model's thinking. `details` is what the vendor needs to see again (signature, encrypted data)."""

    kind: Literal["reasoning"] = "reasoning"
    text: str
    details: JsonObject | None = None


class MediaPart(Frozen):
    """An image or a file, base64 encoded."""

    kind: Literal["media"] = "media"
    media_type: str
    data: str


class ToolCallPart(Frozen):
    """A tool call as the model wrote it.

    `arguments` is None when the text was not a JSON object; `raw` then holds that text.
    `call_id` is unique within its message.
    """

    kind: Literal["tool_call"] = "tool_call"
    call_id: str
    tool: str
    arguments: JsonObject | None
    raw: str | None = None
    details: JsonObject | None = None


class JsonOutput(Frozen):
    """One JSON value that a tool returned."""

    type: Literal["json"] = "json"
    value: JsonValue


class MediaOutput(Frozen):
    """One file that a tool returned, base64 encoded."""

    type: Literal["media"] = "media"
    data: str
    media_type: str


# As any: a union would first make a Python object of its member, and JSON of that.
ToolOutput = Annotated[SerializeAsAny[JsonOutput | MediaOutput], Field(discriminator="type")]
ToolOutputs = tuple[ToolOutput, ...]


class ToolResultPart(Frozen):
    """What a tool call came to. `is_error` marks failures that the model should see as such."""

    kind: Literal["tool_result"] = "tool_result"
    call_id: str
    tool: str
    output: ToolOutputs
    is_error: bool = False


Part = Annotated[
    SerializeAsAny[TextPart | ReasoningPart | MediaPart | ToolCallPart | ToolResultPart],
    Field(discriminator="kind"),
]


class Message(Frozen):
    """One entry of the conversation.

    An assistant message is one model answer. A tool message holds the results of all calls of one
    turn, in the order of the calls. `expires` bounds its life: `turn` messages are gone after the
    next model call, `run` messages when the run ends (they are not handed to children).
    """

    role: Literal["user", "assistant", "tool"]
    parts: tuple[Part, ...]
    tags: tuple[str, ...] = ()
    expires: Literal["turn", "run"] | None = None

    @property
    def text(self) -> str:
        """The message's text parts, joined."""
        return "".join([part.text for part in self.parts if part.kind == "text"])

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        """The tool calls in this message, in order."""
        return tuple([part for part in self.parts if part.kind == "tool_call"])


def user_message(text: str, *tags: str, expires: Literal["turn", "run"] | None = None) -> Message:
    """Return a user message of one text part."""
    return Message(role="user", parts=(TextPart(text=text),), tags=tags, expires=expires)

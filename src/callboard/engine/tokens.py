"""How long a conversation is, roughly: providers count exactly, and only after the fact."""

from callboard.domain.message import (
    JsonOutput,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

CHARACTERS_PER_TOKEN = 3
_MEDIA = 1_000
_PER_MESSAGE = 4


def tokens_of(messages: tuple[Message, ...]) -> int:
    """Return an estimate that is rather too high than too low."""
    return sum(_message(message) for message in messages)


def tokens_in(text: str) -> int:
    """Return an estimate for a text."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def _message(message: Message) -> int:
    return _PER_MESSAGE + sum(_part(part) for part in message.parts)


def _part(part: Part) -> int:
    match part:
        case TextPart() | ReasoningPart():
            return tokens_in(part.text)
        case MediaPart():
            return _MEDIA
        case ToolCallPart():
            return tokens_in(part.raw or repr(part.arguments)) + tokens_in(part.tool)
        case ToolResultPart():
            return sum(
                tokens_in(repr(output.value)) if isinstance(output, JsonOutput) else _MEDIA
                for output in part.output
            )

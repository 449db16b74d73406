"""What tools return, as text that any JSON encoder takes."""

from pydantic import JsonValue

from callboard.domain.tool import json_outputs
from callboard.ports.tools import ToolOutcome

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str) -> str:
    """Return text without NUL and lone surrogates."""
    return text.encode(errors="surrogatepass").decode(errors="replace").replace("\0", _REPLACEMENT)


def cleaned(value: JsonValue) -> JsonValue:
    """Return a JSON value whose texts are clean."""
    match value:
        case str():
            return clean(value)
        case list():
            return [cleaned(item) for item in value]
        case dict():
            return {clean(key): cleaned(item) for key, item in value.items()}
        case _:
            return value


def success(value: JsonValue) -> ToolOutcome:
    """Return what a tool found or did."""
    return ToolOutcome(json_outputs(cleaned(value)))


def failure(message: str, **facts: JsonValue) -> ToolOutcome:
    """Return a failure that the model is meant to read and correct, with facts beside the message."""
    return ToolOutcome(json_outputs(cleaned({**facts, "errorMessage": message})), is_error=True)

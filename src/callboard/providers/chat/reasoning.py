"""A model's thinking in chat completions: three spellings, all echoed the way they came."""

from pydantic import JsonValue

from callboard.domain.message import JsonObject, ReasoningPart
from callboard.providers.wire.json_text import clean, clean_value
from callboard.providers.wire.reading import array, as_json, obj, string

REASONING_FIELDS = frozenset({"reasoning", "reasoning_content", "reasoning_details"})
"""The fields of a delta that `ReasoningTrail.take` looks at; most deltas have none of them."""
_GROWING = {"reasoning.text": "text", "reasoning.summary": "summary"}


class ReasoningTrail:
    """Gathers `reasoning`, `reasoning_content` and OpenRouter's `reasoning_details`.

    Args:
        tag: the dialect; only the same dialect gets the thinking back.
    """

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._text: list[str] = []
        self._field = ""
        self._details: list[JsonObject] = []

    def take(self, delta: JsonObject) -> str:
        """Take a delta in and return the new text, which is empty where there is none."""
        details = delta.get("reasoning_details")
        text = self._plain(delta)
        if details:
            shown = "".join([self._take_detail(obj(detail)) for detail in array(details)])
            text = text or shown
        if text:
            self._text.append(text)
        return text

    def parts(self) -> list[ReasoningPart]:
        """Return the thinking as one part, or none."""
        text = clean("".join(self._text))
        echo: JsonObject = {}
        if self._details:
            echo["reasoning_details"] = clean_value(as_json(self._details))
        elif self._field:
            echo[self._field] = text
        if not echo:
            return []
        return [ReasoningPart(text=text, details={"wire": self._tag, **echo})]

    def _plain(self, delta: JsonObject) -> str:
        for field in ("reasoning", "reasoning_content"):
            if text := string(delta.get(field)):
                self._field = self._field or field
                return text
        return ""

    def _take_detail(self, detail: JsonObject) -> str:
        kind = string(detail.get("type"))
        growing = _GROWING.get(kind)
        piece = string(detail.get(growing)) if growing else ""
        last = self._details[-1] if self._details else None
        if growing and last and _continues(last, detail):
            _grow(last, growing, detail)
        else:
            self._details.append(dict(detail))
        return piece


def _continues(last: JsonObject, detail: JsonObject) -> bool:
    return last.get("type") == detail.get("type") and last.get("index") == detail.get("index")


def _grow(last: JsonObject, growing: str, detail: JsonObject) -> None:
    text: JsonValue = string(last.get(growing)) + string(detail.get(growing))
    last.update({key: value for key, value in detail.items() if value is not None})
    last[growing] = text

"""What an agent asks people: its questions with the answers that it offers, as far as they can be read."""

from dataclasses import dataclass

from pydantic import JsonValue

from callboard.domain.message import JsonObject


@dataclass(frozen=True, slots=True)
class Option:
    """An answer that can be chosen, and what choosing it means."""

    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `several`: more than one option may be chosen."""

    text: str
    options: tuple[Option, ...] = ()
    several: bool = False


def questions_in(arguments: JsonObject | None) -> tuple[Question, ...]:
    """Return the questions of a call that asks people; none where it is no such call."""
    listed = (arguments or {}).get("questions")
    items = listed if isinstance(listed, list) else []
    return tuple(_question(item) for item in items if isinstance(item, dict))


def _question(item: JsonObject) -> Question:
    listed = item.get("options")
    options = listed if isinstance(listed, list) else []
    chosen = tuple(_option(one) for one in options if isinstance(one, dict))
    return Question(str(item.get("question", "")), chosen, item.get("multiSelect") is True)


def _option(item: JsonObject) -> Option:
    described: JsonValue = item.get("description")
    return Option(str(item.get("label", "")), "" if described is None else str(described))


def answer_text(answer: JsonValue) -> str:
    """Return what was answered, in a line for each question."""
    if isinstance(answer, dict):
        listed = answer.get("answers")
        items = listed if isinstance(listed, list) else []
        return "\n".join(_chosen(item) for item in items if isinstance(item, dict))
    return "" if answer is None else str(answer)


def _chosen(item: JsonObject) -> str:
    several = item.get("selectedOptions")
    if isinstance(several, list):
        return ", ".join(map(str, several))
    return str(item.get("otherText") or item.get("selectedOption") or "")

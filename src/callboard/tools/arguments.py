"""Making a model's arguments fit a tool, and saying clearly why they do not."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from callboard.domain.message import JsonObject
from callboard.ports.tools import ArgumentsInvalid
from callboard.tools.outcomes import clean

_MOST_PARSES = 3
_MOST_REPAIRS = 20
_LONGEST_QUOTE = 80
_LISTS = {"list_type", "tuple_type"}
_OBJECTS = {"dict_type", "model_type", "model_attributes_type"}

Location = tuple[int | str, ...]


class Arguments(BaseModel):
    """What a tool takes. Keys that a tool does not know are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def fit(model: type[BaseModel], arguments: JsonObject) -> JsonObject:
    """Return valid arguments with defaults filled in.

    Repaired on the way: values given as JSON texts, one thing where a list is asked for, numbers and
    objects where a text is asked for.

    Raises:
        ArgumentsInvalid: they cannot be made to fit.
    """
    present: JsonValue = arguments
    for _ in range(_MOST_REPAIRS):
        try:
            return model.model_validate(present).model_dump(mode="json", by_alias=True)
        except ValidationError as invalid:
            repaired = present
            for problem in invalid.errors(include_url=False, include_context=False):
                repaired = _repaired(repaired, problem["loc"], problem["type"])
            if repaired == present:
                raise ArgumentsInvalid(_explanation(model, invalid)) from None
            present = repaired
    raise ArgumentsInvalid("The arguments are nested too deeply.")


def _repaired(value: JsonValue, location: Location, problem: str) -> JsonValue:
    """Return a copy of `value` in which the thing at `location` is repaired, if it can be."""
    if not location:
        return _fitting(value, problem)
    here, *rest = location
    match value:
        case dict() if isinstance(here, str) and here in value:
            return {**value, here: _repaired(value[here], tuple(rest), problem)}
        case list() if isinstance(here, int) and here < len(value):
            return [
                _repaired(item, tuple(rest), problem) if index == here else item
                for index, item in enumerate(value)
            ]
        case _:
            return value


def _fitting(value: JsonValue, problem: str) -> JsonValue:
    if problem in _LISTS:
        parsed = _parsed(value)
        return parsed if isinstance(parsed, list) else [parsed] if parsed is not None else value
    if problem in _OBJECTS:
        parsed = _parsed(value)
        return parsed if isinstance(parsed, dict) else value
    if problem == "string_type" and value is not None:
        return json.dumps(value, indent=2, ensure_ascii=False)
    return value


def _parsed(value: JsonValue) -> JsonValue:
    """Undo JSON encoding, a few times over, as long as it leads to a list or an object."""
    found = value
    for _ in range(_MOST_PARSES):
        if not isinstance(found, str):
            return found
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            return value
    return value if isinstance(found, str) else found


def _explanation(model: type[BaseModel], invalid: ValidationError) -> str:
    lines = ["The arguments do not fit:"]
    for problem in invalid.errors(include_url=False, include_context=False):
        field = ".".join(str(part) for part in problem["loc"]) or "arguments"
        found = "" if problem["type"] == "missing" else f"; found {_quote(problem['input'])}"
        lines.append(f"- {field}: {problem['msg'].removeprefix('Value error, ')}{found}")
    lines.append(f"Allowed: {_summary(model)}")
    return clean("\n".join(lines))


def _quote(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def _summary(model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    fields = [
        f"{name} ({_kind(facts)}{', required' if name in required else ''})"
        for name, facts in schema.get("properties", {}).items()
    ]
    return ", ".join(fields) or "no arguments"


def _kind(facts: dict[str, Any]) -> str:
    if "enum" in facts:
        return " or ".join(map(str, facts["enum"]))
    if "anyOf" in facts:
        return " or ".join(_kind(choice) for choice in facts["anyOf"])
    if "$ref" in facts:
        return "object"
    kind = str(facts.get("type", "any"))
    return f"list of {_kind(facts.get('items', {}))}" if kind == "array" else kind

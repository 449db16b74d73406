"""A definition as people read it."""

import json
from collections.abc import Iterator
from textwrap import indent

from pydantic import JsonValue

from callboard.domain.definition.agent import AgentDefinition

_LABEL = 22


def definition_lines(definition: AgentDefinition) -> Iterator[str]:
    """Yield the fields that say something, short ones first, prompts in full below them."""
    fields = {name: value for name, value in definition.to_json().items() if _says(value)}
    texts = {name for name, value in fields.items() if isinstance(value, str) and "\n" in value}
    texts |= {name for name in fields if name.endswith("Prompt")}
    for name, value in fields.items():
        if name not in texts:
            yield f"{name.ljust(_LABEL)}{_short(value)}"
    for name, value in fields.items():
        if name in texts:
            yield f"\n{name}\n{indent(str(value).strip(), '  ')}"


def _says(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return any(_says(member) for member in value.values())
    return value not in (None, "", [], False)


def _short(value: JsonValue) -> str:
    match value:
        case str():
            return value
        case list() if all(isinstance(item, str) for item in value):
            return ", ".join(str(item) for item in value)
        case dict():
            kept = {name: member for name, member in value.items() if _says(member)}
            return json.dumps(kept, ensure_ascii=False)
        case _:
            return json.dumps(value, ensure_ascii=False)

"""A definition as written, brought to the language's own spelling."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from pydantic import BaseModel

from callboard.definitions.findings import Findings, Path, did_you_mean, dotted, found
from callboard.definitions.language import FIELDS, MISUSED, NOT_USED_YET, PARTS, spellings
from callboard.domain.definition.agent import AgentDefinition

_MAX_DEPTH: Final = 100
_MAX_INTEGER: Final = 10**300


@dataclass(slots=True)
class Canonical:
    """The fields under their own names, and how the file spelt each of them."""

    fields: dict[str, object] = field(default_factory=dict[str, object])
    spelt: dict[Path, str] = field(default_factory=dict[Path, str])

    def where(self, path: Path) -> str:
        """Return a path as the file spells it."""
        return dotted(tuple(self.spelt.get(path[: end + 1], part) for end, part in enumerate(path)))


def canonical(raw: Mapping[str, object], findings: Findings) -> Canonical:
    """Return a definition under the language's own names, without nulls, every oddity noted.

    Whatever is noted is left out, so that checking can go on with the rest.
    """
    result = Canonical()
    plain = {key: value for key, value in raw.items() if _is_plain(key, value, findings)}
    result.fields = _renamed(AgentDefinition, plain, (), result, findings)
    for name, model in PARTS.items():
        value = result.fields.get(name)
        if isinstance(value, dict):
            members = cast("dict[str, object]", value)
            result.fields[name] = _renamed(model, members, (name,), result, findings)
        elif isinstance(value, list):
            items = cast("list[object]", value)
            result.fields[name] = [
                _renamed(model, cast("dict[str, object]", item), (name, index), result, findings)
                if isinstance(item, dict)
                else item
                for index, item in enumerate(items)
            ]
    return result


def _renamed(
    model: type[BaseModel],
    members: Mapping[str, object],
    path: Path,
    result: Canonical,
    findings: Findings,
) -> dict[str, object]:
    own_names = spellings(model)
    renamed: dict[str, object] = {}
    for key, value in members.items():
        own = own_names.get(key)
        if own is None:
            _note_unknown(key, path, result, model, findings)
        elif (*path, own) in result.spelt:
            other = result.spelt[*path, own]
            findings.problem(result.where((*path, own)), f"is given as {other} and as {key}")
        else:
            result.spelt[*path, own] = key
            if value is not None:  # null stands for "not given", as people mean it
                renamed[own] = value
    return renamed


def _note_unknown(
    key: str, path: Path, result: Canonical, model: type[BaseModel], findings: Findings
) -> None:
    where = f"{result.where(path)}.{key}" if path else key
    if path:
        names = sorted(set(spellings(model).values()))
        findings.problem(where, f"is not known here; allowed are {', '.join(names)}")
    elif key in NOT_USED_YET:
        findings.warn(where, "is accepted, and not used by this release")
    elif key in MISUSED:
        findings.problem(where, f"is not a field; use {MISUSED[key]}")
    else:
        findings.problem(where, f"is not a field{did_you_mean(key, FIELDS)}")


def _is_plain(key: str, value: object, findings: Findings) -> bool:
    """Return whether a value is JSON all the way down; note the first thing in it that is not."""
    todo: list[tuple[object, Path]] = [(value, (key,))]
    while todo:
        item, path = todo.pop()
        fault = _fault(item, path)
        if fault:
            findings.problem(_printable(dotted(path[:8])), fault)
            return False
        if isinstance(item, dict):
            members = cast("dict[str, object]", item)
            todo += [(member, (*path, name)) for name, member in members.items()]
        elif isinstance(item, list):
            elements = cast("list[object]", item)
            todo += [(element, (*path, index)) for index, element in enumerate(elements)]
    return True


def _fault(item: object, path: Path) -> str | None:
    name = path[-1]
    if isinstance(name, str) and not _is_text(name):
        return "the name holds characters that are not text (NUL or a lone surrogate)"
    if len(path) > _MAX_DEPTH:
        return "is nested too deeply"
    match item:
        case None | bool():
            return None
        case str():
            return None if _is_text(item) else "holds a NUL or a lone surrogate"
        case int() | float():
            big = not math.isfinite(item) if isinstance(item, float) else abs(item) > _MAX_INTEGER
            return "is not a number that JSON can hold" if big else None
        case dict():
            members = cast("dict[object, object]", item)
            odd = next((name for name in members if not isinstance(name, str)), None)
            return None if odd is None else f"keys must be text, found {found(odd)}"
        case list():
            return None
        case _:
            return f"must be plain data, found {found(item)}"


def _is_text(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")

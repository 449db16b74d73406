"""JSON as definitions use it: strict, with every duplicate key named."""

import json
from typing import NoReturn, cast

from callboard.definitions.findings import Findings, Path, dotted
from callboard.domain.message import MOST_DIGITS


class _Members(dict[str, object]):
    """A JSON object that remembers which keys came twice."""

    twice: tuple[str, ...] = ()


def read_json(text: str, findings: Findings) -> object:
    """Return the value of a JSON text; None with a problem noted where it is none, and without one where there is none."""
    if not text.strip():
        return None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_members,
            parse_constant=_refuse_constant,
            parse_int=_countable,
        )
    except json.JSONDecodeError as error:
        findings.problem("", f"line {error.lineno}, column {error.colno}: {error.msg}")
    except RecursionError:
        findings.problem("", "is nested too deeply")
    except ValueError as error:
        findings.problem("", str(error))
    else:
        _note_duplicates(value, (), findings)
        return value
    return None


def _members(pairs: list[tuple[str, object]]) -> _Members:
    members = _Members(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        members.twice = tuple(key for key, _ in pairs if key in seen or seen.add(key))
    return members


def _countable(number: str) -> int:
    if len(number) > MOST_DIGITS:
        raise ValueError(f"a number has {len(number)} digits; {MOST_DIGITS} are the most")
    return int(number)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON; use a number or null")


def _note_duplicates(value: object, path: Path, findings: Findings) -> None:
    if isinstance(value, _Members):
        for key in value.twice:
            findings.problem(dotted((*path, key)), "is given twice; keep one of them")
        for key, member in value.items():
            _note_duplicates(member, (*path, key), findings)
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            _note_duplicates(item, (*path, index), findings)

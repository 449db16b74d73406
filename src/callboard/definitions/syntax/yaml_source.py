"""YAML as definitions use it: JSON's values in YAML's clothes.

No tags, anchors or aliases, one document, no duplicate keys. Plain words are text unless they are
`true`, `false`, `null` or a decimal number: `on`, `no`, dates and `1:30` stay what they look like. Built
on the parser's events with a stack of our own, so that no input is executed, expanded or recursed into.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import yaml

from callboard.definitions.findings import Findings, Path, dotted

_MAX_DEPTH: Final = 100
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,300})")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, object]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class _Refused(Exception):
    """The text uses something that definitions do not."""


def read_yaml(text: str, findings: Findings, *, first_line: int = 1) -> object:
    """Return the value of a YAML text; None with problems noted where it is none.

    `first_line` is the line of the file on which the text begins.
    """
    builder = _Builder(findings, first_line)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except _Refused as refusal:
        findings.problem("", str(refusal))
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + first_line}, column {mark.column + 1}: " if mark else ""
        findings.problem("", f"{place}{error.problem or error.context}")
        return None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        findings.problem("", f"is not readable YAML: {error}".splitlines()[0])
        return None
    return builder.value


@dataclass(slots=True)
class _Container:
    """A list or an object in the making; an object holds the key that waits for its value."""

    value: list[object] | dict[str, object]
    path: Path
    key: str | None = None
    seen: dict[str, int] = field(default_factory=dict[str, int])


class _Builder:
    def __init__(self, findings: Findings, first_line: int) -> None:
        self.value: object = None
        self._findings = findings
        self._first_line = first_line
        self._open: list[_Container] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.NodeEvent):
            self._refuse_extras(event)
        action = self._actions.get(type(event))
        if action is not None:
            action(self, event)

    def _refuse_extras(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _Refused(f"{self._line(event)}: anchors and aliases (& and *) are not allowed")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _Refused(f"{self._line(event)}: tags ({tag}) are not allowed")

    def _document(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _Refused(f"{self._line(event)}: a second document begins; one file holds one")

    def _scalar(self, event: yaml.Event) -> None:
        assert isinstance(event, yaml.ScalarEvent)  # noqa: S101 - for the type checker
        holder = self._open[-1] if self._open else None
        if holder is not None and isinstance(holder.value, dict) and holder.key is None:
            self._key(holder, event)
        else:
            self._put(_plain(event.value) if event.style is None else event.value)

    def _key(self, holder: _Container, event: yaml.ScalarEvent) -> None:
        key, line = event.value, self._line_number(event)
        if key in holder.seen:
            where = dotted((*holder.path, key))
            self._findings.problem(where, f"is given twice, in lines {holder.seen[key]} and {line}")
        holder.seen.setdefault(key, line)
        holder.key = key

    def _begin(self, event: yaml.Event) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise _Refused(f"{self._line(event)}: is nested too deeply")
        holder = self._open[-1] if self._open else None
        if holder is not None and isinstance(holder.value, dict) and holder.key is None:
            raise _Refused(f"{self._line(event)}: a key must be text, not a list or an object")
        path = self._path_of_next(holder)
        value: list[object] | dict[str, object] = (
            {} if isinstance(event, yaml.MappingStartEvent) else []
        )
        self._put(value)
        self._open.append(_Container(value, path))

    def _end(self, _: yaml.Event) -> None:
        self._open.pop()

    def _put(self, value: object) -> None:
        if not self._open:
            self.value = value
            return
        holder = self._open[-1]
        if isinstance(holder.value, list):
            holder.value.append(value)
        elif holder.key is not None:
            holder.value[holder.key] = value
            holder.key = None

    @staticmethod
    def _path_of_next(holder: _Container | None) -> Path:
        if holder is None:
            return ()
        if isinstance(holder.value, list):
            return (*holder.path, len(holder.value))
        return (*holder.path, holder.key or "")

    def _line(self, event: yaml.Event) -> str:
        return f"line {self._line_number(event)}"

    def _line_number(self, event: yaml.Event) -> int:
        return self._first_line + (event.start_mark.line if event.start_mark else 0)

    _actions: Final[dict[type[yaml.Event], Callable[["_Builder", yaml.Event], None]]] = {
        yaml.DocumentStartEvent: _document,
        yaml.ScalarEvent: _scalar,
        yaml.MappingStartEvent: _begin,
        yaml.SequenceStartEvent: _begin,
        yaml.MappingEndEvent: _end,
        yaml.SequenceEndEvent: _end,
    }


def _plain(word: str) -> object:
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word) and not re.fullmatch(r"[-+]?0[0-9]+", word):
        return float(word)
    return word

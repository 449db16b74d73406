"""The lines of an export: JSON objects, each closed by a sum over itself and everything before it.

A line is `{"type":…,…,"sum":"…"}`; the sum is SHA-256(sum of the line before ‖ bytes of the line up to the
comma before `"sum"`), in hexadecimal. The first line follows 64 zeros. So whatever is changed in a file is
noticed in the line in which it was changed, whether or not it means anything.
"""

import hashlib
import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, cast

from callboard.domain.errors import UserMistake
from callboard.domain.events.codec import GENESIS
from callboard.domain.message import JsonObject
from callboard.engine.proof.places import (
    Altered,
    first_malformed,
    place_of_alteration,
    place_of_error,
    place_of_value,
)

FORMAT: Final = "callboard export v1"
LONGEST_LINE: Final = 96 << 20
LARGEST_CONTENT: Final = 64 << 20
"""Bytes that one line may hold once they are unpacked."""

_OPENING: Final = b'{"type":"header","format":"callboard export '
_SUM: Final = re.compile(rb',"sum":"([0-9a-f]{64})"\}\n')
_SUM_BYTES: Final = len(b',"sum":""}\n') + 64


class NotAnExport(UserMistake):
    """The file is something else altogether, or of a newer format."""

    code = "not_an_export"


class WrongLine(Exception):
    """The first line of an export that does not verify. `line` counts from 1, `offset` is where it begins in
    the file, in bytes from 0. `byte` is the first byte of the file that cannot be right: the very one where something
    tells it, otherwise where the value begins that does not fit, or the line.
    """

    def __init__(self, line: int, offset: int, what: str, byte: int | None = None) -> None:
        self.line = line
        self.offset = offset
        self.what = what
        self.byte = offset if byte is None else byte
        super().__init__(f"line {line} (byte {offset}): {what}, at byte {self.byte}")


class LineSource(Protocol):
    """An open binary file."""

    def readline(self, size: int = -1, /) -> bytes:
        """Return the next line with its newline, at most `size` bytes of it; nothing at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, where it begins and where the next one does, in bytes from 0, what it says, and its
    bytes.
    """

    number: int
    offset: int
    end: int
    fields: JsonObject
    content: bytes = field(default=b"", repr=False)

    def wrong(
        self, what: str, *, within: int | None = None, in_field: str | None = None
    ) -> WrongLine:
        """Return the error that this line is wrong; `within` is the first wrong byte, counted in the line, `in_field`
        the field whose value does not fit.
        """
        if within is None and in_field is not None:
            within = place_of_value(self.content, in_field)
        byte = None if within is None else self.offset + within
        return WrongLine(self.number, self.offset, what, byte)

    def text(self, name: str) -> str:
        """Return a field that is text.

        Raises:
            WrongLine: it is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise self.wrong(f"`{name}` is not a text", in_field=name)
        return value

    def number_of(self, name: str) -> int:
        """Return a field that is a whole number, 0 or more.

        Raises:
            WrongLine: it is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.wrong(f"`{name}` is not a whole number", in_field=name)
        return value

    def texts(self, name: str, most: int) -> list[str]:
        """Return a field that is a list of texts, at most so many.

        Raises:
            WrongLine: it is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(f"`{name}` is not a list of at most {most}", in_field=name)
        if not all(isinstance(item, str) for item in value):
            raise self.wrong(f"`{name}` holds something that is not a text", in_field=name)
        return cast("list[str]", value)


class LineWriter:
    """Turns objects into lines."""

    def __init__(self) -> None:
        self._sum = GENESIS
        self.count = 0

    def line(self, kind: str, fields: Mapping[str, object]) -> bytes:
        """Return the next line, with its newline."""
        content = json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))
        start = content[:-1].encode()
        self._sum = _next_sum(self._sum, start)
        self.count += 1
        return start + b',"sum":"' + self._sum.encode() + b'"}\n'


def read_lines(source: LineSource) -> Generator[Line]:
    """Yield the lines of an export as far as they are as they were written.

    Raises:
        NotAnExport: it does not begin like one.
        WrongLine: a line was altered, or is not where it belongs.
    """
    number, offset = 0, 0
    before = _Before()
    while content := source.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1 and not content.startswith(_OPENING):
            raise NotAnExport("this file is not an export of a run (see `callboard runs export`)")
        here = Line(number, offset, offset + len(content), {}, content)
        start, before.total = _checked(content, before, here, source)
        here = replace(here, fields=_parsed(start, here))
        before.note(here)
        yield here
        offset = here.end
    if number == 0:
        raise NotAnExport(
            "this file is empty, not an export of a run (see `callboard runs export`)"
        )


@dataclass(slots=True)
class _Before:
    """What came before a line: the sum of everything, and the hash of the last event of the run that it is in."""

    total: str = GENESIS
    head: str = GENESIS

    def note(self, line: Line) -> None:
        if line.fields.get("type") == "run":
            self.head = GENESIS
        elif line.fields.get("type") == "event":
            self.head = str(line.fields.get("hash"))


def _checked(content: bytes, before: _Before, here: Line, source: LineSource) -> tuple[bytes, str]:
    """Return what a line says, without its sum, and the sum."""
    if len(content) > LONGEST_LINE:
        raise here.wrong(f"the line is longer than {LONGEST_LINE} bytes", within=LONGEST_LINE)
    if not content.endswith(b"\n"):
        raise here.wrong("the file ends in the middle of this line", within=len(content))
    found = _sum_in(content)
    if found is None:
        within = first_malformed(content)
        raise here.wrong("the line does not end with its sum", within=within, in_field="sum")
    start, given = content[: found.start()], found[1].decode()
    total = _next_sum(before.total, start)
    if total != given:
        within = first_malformed(content)
        if within is None:
            following = source.readline(LONGEST_LINE + 1)
            followed = next((one for one in (total, given) if _follows(following, one)), None)
            within = place_of_alteration(Altered(start, given, total, before.head, followed))
        raise here.wrong("the line was altered, or another one stood before it", within=within)
    return start, total


def _sum_in(content: bytes) -> re.Match[bytes] | None:
    return _SUM.fullmatch(content, len(content) - min(len(content), _SUM_BYTES))


def _follows(content: bytes, total: str) -> bool:
    """Return whether a line was written behind everything that has this sum."""
    found = _sum_in(content)
    return found is not None and _next_sum(total, content[: found.start()]) == found[1].decode()


def _next_sum(previous: str, start: bytes) -> str:
    return hashlib.sha256(previous.encode() + start).hexdigest()


def _parsed(start: bytes, here: Line) -> JsonObject:
    try:
        found: object = json.loads(start + b"}", object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        within = place_of_error(error, start)
        raise here.wrong(f"the line is not JSON ({error})", within=within) from None
    if not isinstance(found, dict):
        raise here.wrong("the line is not a JSON object")
    return cast("JsonObject", found)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


class Lines:
    """Lines read in the order in which an export has them."""

    def __init__(self, source: LineSource) -> None:
        self._left = read_lines(source)
        self._last = Line(0, 0, 0, {})
        self._next = next(self._left, None)

    def accept(self, kind: str) -> Line | None:
        """Take the next line if it is of this type."""
        found = self._next
        if found is None or found.fields.get("type") != kind:
            return None
        self._last, self._next = found, next(self._left, None)
        return found

    def expect(self, kind: str) -> Line:
        """Take the next line, which must be of this type.

        Raises:
            WrongLine: it is another one, or the file ends.
        """
        found = self.accept(kind)
        if found is None:
            raise self.wrong(f"here should be a line of type `{kind}`", in_field="type")
        return found

    def wrong(self, what: str, *, in_field: str | None = None) -> WrongLine:
        """Return the error that what comes next is wrong."""
        if self._next is not None:
            return self._next.wrong(what, in_field=in_field)
        return WrongLine(self._last.number + 1, self._last.end, f"the file ends; {what}")

    def end(self) -> None:
        """Make sure that nothing follows.

        Raises:
            WrongLine: something does.
        """
        if self._next is not None:
            raise self._next.wrong("something follows the end of the export")

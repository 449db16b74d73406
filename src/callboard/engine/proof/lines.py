"""The lines of an export: JSON objects, each closed by a sum over itself and everything before it.

A line is `{"type":…,…,"sum":"…"}`; the sum is SHA-256(sum of the line before ‖ bytes of the line up to the
comma before `"sum"`), in hexadecimal. The first line follows 64 zeros. So whatever is changed in a file is
noticed in the line in which it was changed, whether or not it means anything.
"""

import hashlib
import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol, cast

from callboard.domain.errors import UserMistake
from callboard.domain.events.codec import GENESIS
from callboard.domain.message import JsonObject

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
    the file, in bytes from 0. `byte` is the first byte of the file that cannot be right, where that can be told:
    a sum says that a line was changed, not where.
    """

    def __init__(self, line: int, offset: int, what: str, byte: int | None = None) -> None:
        there = "" if byte is None else f", at byte {byte}"
        super().__init__(f"line {line} (byte {offset}): {what}{there}")
        self.line = line
        self.offset = offset
        self.what = what
        self.byte = byte


class LineSource(Protocol):
    """An open binary file."""

    def readline(self, size: int = -1, /) -> bytes:
        """Return the next line with its newline, at most `size` bytes of it; nothing at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, where it begins and where the next one does, in bytes from 0, and what it
    says.
    """

    number: int
    offset: int
    end: int
    fields: JsonObject

    def wrong(self, what: str, *, within: int | None = None) -> WrongLine:
        """Return the error that this line is wrong; `within` is the first wrong byte, counted in the line."""
        byte = None if within is None else self.offset + within
        return WrongLine(self.number, self.offset, what, byte)

    def text(self, name: str) -> str:
        """Return a field that is text.

        Raises:
            WrongLine: it is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise self.wrong(f"`{name}` is not a text")
        return value

    def number_of(self, name: str) -> int:
        """Return a field that is a whole number, 0 or more.

        Raises:
            WrongLine: it is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.wrong(f"`{name}` is not a whole number")
        return value

    def texts(self, name: str, most: int) -> list[str]:
        """Return a field that is a list of texts, at most so many.

        Raises:
            WrongLine: it is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(f"`{name}` is not a list of at most {most}")
        if not all(isinstance(item, str) for item in value):
            raise self.wrong(f"`{name}` holds something that is not a text")
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
    number, offset, total = 0, 0, GENESIS
    while content := source.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1 and not content.startswith(_OPENING):
            raise NotAnExport("this file is not an export of a run (see `callboard runs export`)")
        here = Line(number, offset, offset + len(content), {})
        start, total = _checked(content, total, here)
        yield replace(here, fields=_parsed(start, here))
        offset = here.end
    if number == 0:
        raise NotAnExport(
            "this file is empty, not an export of a run (see `callboard runs export`)"
        )


def _checked(content: bytes, previous: str, here: Line) -> tuple[bytes, str]:
    """Return what a line says, without its sum, and the sum."""
    if len(content) > LONGEST_LINE:
        raise here.wrong(f"the line is longer than {LONGEST_LINE} bytes", within=LONGEST_LINE)
    if not content.endswith(b"\n"):
        raise here.wrong("the file ends in the middle of this line", within=len(content))
    found = _SUM.fullmatch(content, len(content) - min(len(content), _SUM_BYTES))
    if found is None:
        raise here.wrong("the line does not end with its sum", within=_first_malformed(content))
    start = content[: found.start()]
    total = _next_sum(previous, start)
    if total != found[1].decode():
        within = _first_malformed(content)
        raise here.wrong("the line was altered, or another one stood before it", within=within)
    return start, total


def _next_sum(previous: str, start: bytes) -> str:
    return hashlib.sha256(previous.encode() + start).hexdigest()


def _parsed(start: bytes, here: Line) -> JsonObject:
    try:
        found: object = json.loads(start + b"}", object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        within = _place_of(error, start)
        raise here.wrong(f"the line is not JSON ({error})", within=within) from None
    if not isinstance(found, dict):
        raise here.wrong("the line is not a JSON object")
    return cast("JsonObject", found)


def _first_malformed(content: bytes) -> int | None:
    """Return the first byte of a line that cannot stand where it does; None where the line is well-formed."""
    try:
        json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        return _place_of(error, content)
    return None


def _place_of(error: Exception, content: bytes) -> int | None:
    """Return the byte at which bytes stop being UTF-8, or stop being JSON; None where an error tells neither."""
    if isinstance(error, UnicodeDecodeError):
        return error.start
    if isinstance(error, json.JSONDecodeError):  # it counts characters
        return len(content.decode(errors="replace")[: error.pos].encode())
    return None


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
            raise self.wrong(f"here should be a line of type `{kind}`")
        return found

    def wrong(self, what: str) -> WrongLine:
        """Return the error that what comes next is wrong."""
        if self._next is not None:
            return self._next.wrong(what)
        return WrongLine(self._last.number + 1, self._last.end, f"the file ends; {what}")

    def end(self) -> None:
        """Make sure that nothing follows.

        Raises:
            WrongLine: something does.
        """
        if self._next is not None:
            raise self._next.wrong("something follows the end of the export")

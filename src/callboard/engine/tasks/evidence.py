"""Judging evidence that needs nothing but what is recorded, and reading numbers out of text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from callboard.domain.events.files import FilesChanged
from callboard.domain.evidence import (
    Check,
    CommandCheck,
    DiffCheck,
    FileCheck,
    HttpCheck,
    NumberCheck,
    OutputCheck,
    PersonCheck,
)
from callboard.domain.output import RunOutput, StructuredOutput
from callboard.engine.globs import any_of, glob_matches

_LONGEST_LINE = 2_000
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Found:
    """What a check came to: `text` tells people what was found."""

    passed: bool
    text: str


def wording(check: Check) -> str:
    """Return what a check verifies, in a few words; of a command the command line."""
    match check:
        case CommandCheck():
            return check.command
        case FileCheck():
            return f"file {check.path}{' is absent' if check.absent else ''}"
        case DiffCheck():
            return "the change" + (f" within {', '.join(check.only)}" if check.only else "")
        case OutputCheck():
            return f"output field {check.field}"
        case NumberCheck():
            return f"{check.line} {_bounds(check.minimum, check.maximum)}"
        case HttpCheck():
            return f"{check.url} answers {check.status}"
        case PersonCheck():
            return check.question


def judge_diff(check: DiffCheck, files: FilesChanged | None) -> Found:
    """Judge what a task changed."""
    changes = files.changes if files is not None else ()
    if check.not_empty and not changes:
        return Found(passed=False, text="nothing was changed")
    paths = [change.path for change in changes]
    strangers = [path for path in paths if check.only and not any_of(check.only).fullmatch(path)]
    if strangers:
        return Found(
            passed=False, text=f"changed outside {', '.join(check.only)}: {_few(strangers)}"
        )
    touched = [path for path in paths if check.never and any_of(check.never).fullmatch(path)]
    if touched:
        return Found(passed=False, text=f"changed although it must not be: {_few(touched)}")
    lines = sum((change.added or 0) + (change.removed or 0) for change in changes)
    if check.max_lines is not None and lines > check.max_lines:
        return Found(passed=False, text=f"{lines} lines changed; at most {check.max_lines} may be")
    return Found(passed=True, text=f"{len(paths)} files, {lines} lines")


def judge_output(check: OutputCheck, output: RunOutput | None) -> Found:
    """Judge a field of an agent's structured output."""
    value: JsonValue = output.value if isinstance(output, StructuredOutput) else None
    for name in check.field.split("."):
        if not isinstance(value, dict) or name not in value:
            return Found(passed=False, text=f"the output has no field {check.field}")
        value = value[name]
    if check.one_of is not None and not any(_same(value, one) for one in check.one_of):
        return Found(passed=False, text=f"{check.field} is {value!r}")
    if check.minimum is None and check.maximum is None:
        return Found(passed=True, text=f"{check.field} is {value!r}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Found(passed=False, text=f"{check.field} is {value!r}, which is no number")
    return judge_number(float(value), check.minimum, check.maximum)


def judge_number(value: float, minimum: float | None, maximum: float | None) -> Found:
    """Judge whether a number is within bounds."""
    low = minimum is not None and not value >= minimum
    high = maximum is not None and not value <= maximum
    if low or high:
        return Found(passed=False, text=f"{value:g}, not {_bounds(minimum, maximum)}")
    return Found(passed=True, text=f"{value:g}")


def number_in(text: str, line: str) -> float | None:
    """Return the number in the last line of a text that fits `line`; None where none does."""
    before, after = (part.split("*") for part in line.split("{number}"))
    for candidate in reversed(text.splitlines()):
        bounded = candidate[:_LONGEST_LINE]
        for found in _NUMBER.finditer(bounded):
            if _ends_with(bounded[: found.start()], before) and _begins_with(
                bounded[found.end() :], after
            ):
                return float(found.group())
    return None


def _ends_with(text: str, pieces: Sequence[str]) -> bool:
    """Return whether a text ends with the last piece and holds the others before it, in this order."""
    last = pieces[-1]
    return text.endswith(last) and _in_order(text[: len(text) - len(last)], pieces[:-1])


def _begins_with(text: str, pieces: Sequence[str]) -> bool:
    return text.startswith(pieces[0]) and _in_order(text[len(pieces[0]) :], pieces[1:])


def _in_order(text: str, pieces: Sequence[str]) -> bool:
    at = 0
    for piece in pieces:
        place = text.find(piece, at)
        if place < 0:
            return False
        at = place + len(piece)
    return True


def judge_text(check: FileCheck, text: str) -> Found:
    """Judge the content of a file."""
    if check.contains is not None and check.contains not in text:
        return Found(passed=False, text=f"{check.path} does not contain {check.contains!r}")
    line = check.line
    if line is not None and not any(glob_matches(line, one) for one in text.splitlines()):
        return Found(passed=False, text=f"no line of {check.path} matches {line}")
    return Found(passed=True, text=f"{check.path}: {len(text)} characters")


def _bounds(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and maximum is not None:
        return f"from {minimum:g} to {maximum:g}"
    return f"at least {minimum:g}" if minimum is not None else f"at most {maximum:g}"


def _same(left: JsonValue, right: JsonValue) -> bool:
    return type(left) is type(right) and left == right


def _few(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:5])
    return f"{shown} and {len(paths) - 5} more" if len(paths) > 5 else shown

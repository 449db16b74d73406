"""Credentials in what tools return: found by their spelling or by the name before them, and taken out.

What an agent reads may hold keys that nobody meant to give it. They reach neither the model nor the log.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from callboard.domain.frozen import unchecked
from callboard.domain.message import JsonOutput, ToolOutputs
from callboard.domain.tool import json_outputs
from callboard.engine.secret_patterns import (
    NAME,
    NAME_KINDS,
    NAMED,
    NAMES_BEGIN,
    OPENINGS,
    URL_PASSWORD,
    Opening,
)

_SPELLED = dict.fromkeys(one.kind for opening in OPENINGS for one in opening.formats)
_KINDS: Final = (*_SPELLED, *NAME_KINDS, "password in a URL")
_MARK = re.compile(rf"\[redacted: (?:{'|'.join(map(re.escape, _KINDS))})\]")
_MADE_UP = re.compile(
    r"pass(?:word|wd)?(?![a-z])|changeme|change-me|example|placeholder|dummy|sample|your[_-]|xxx|redacted|\*{3}"
    r"|\.{3}|insert|replace|todo|fixme|canary|(?:^|[^a-z])(?:test|fake|mock|foo|none|null|true|false)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"[$%{<~.@]|/\S*/|arn:|sha\d+[:-]|process\.env|\w+://|(?:env|file|vault|op|ssm|secret)s?:|"
    r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$"
)
_URL = re.compile("://")
_PIECE = re.compile(r"[A-Za-z0-9+/=!?#^&*@%$]{8,}")
_SHORTEST: Final = 8
"""No text that is shorter holds anything: what is random has a piece of so many characters, and a URL with a password is
longer."""
_LEAST_BITS: Final = 2.9
_LONG: Final = 512


@dataclass(frozen=True, slots=True)
class _Find:
    start: int
    end: int
    kind: str


def redact_text(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text without the credentials in it, and the kinds that were there, in order."""
    if len(text) < _SHORTEST:
        return text, ()
    finds = sorted(_finds(text), key=lambda find: (find.start, -find.end))
    pieces: list[str] = []
    kinds: list[str] = []
    at = 0
    for find in finds:
        if find.start < at:  # inside, or overlapping, what is gone already
            at = max(at, find.end)
            continue
        pieces += [text[at : find.start], f"[redacted: {find.kind}]"]
        kinds.append(find.kind)
        at = find.end
    if not kinds:
        return text, ()
    return "".join([*pieces, text[at:]]), tuple(kinds)


def redact_outputs(outputs: ToolOutputs) -> ToolOutputs:
    """Return a tool's outputs without the credentials in them, and with a note that says so where there were any.

    Files in media outputs are left as they are.
    """
    kinds: list[str] = []
    clean = tuple(
        unchecked(JsonOutput, type="json", value=_redacted(one.value, kinds))
        if isinstance(one, JsonOutput)
        else one
        for one in outputs
    )
    if not kinds:
        return outputs
    return (*clean, *json_outputs({"note": _note(kinds)}))


def names_redacted(value: JsonValue) -> bool:
    """Return whether a value holds one of our marks in the place of a credential."""
    match value:
        case str():
            return "[redacted: " in value and _MARK.search(value) is not None
        case list():
            return any(names_redacted(one) for one in value)
        case dict():
            return any(names_redacted(one) for one in value.values())
        case _:
            return False


def _note(kinds: list[str]) -> str:
    counted = ", ".join(
        f"{kind} ({count})" if count > 1 else kind for kind, count in Counter(kinds).items()
    )
    return (
        f"Credentials were found in this result and taken out: {counted}. They are not for you: do not look for "
        "them elsewhere. If the task needs access that you do not have, say so and stop."
    )


def _redacted(value: JsonValue, kinds: list[str]) -> JsonValue:
    match value:
        case str():
            text, found = redact_text(value)
            kinds += found
            return text
        case list():
            return [_redacted(one, kinds) for one in value]
        case dict():
            return {
                redact_text(name)[0]: _redacted_member(name, one, kinds)
                for name, one in value.items()
            }
        case _:
            return value


def _redacted_member(name: str, value: JsonValue, kinds: list[str]) -> JsonValue:
    """Redact a member of an object: its name says what it is as well as one in a text does."""
    if isinstance(value, str) and is_high_entropy(value):
        named = NAME.search(name)
        if named is not None:
            kinds.append(named[1].lower())
            return f"[redacted: {kinds[-1]}]"
    return _redacted(value, kinds)


def _finds(text: str) -> Iterator[_Find]:
    # Looked for in a copy of one byte a character, every one at its place: that is several times as fast.
    plain = text if text.isascii() else text.encode("ascii", "replace").decode("ascii")
    lowered = plain.lower()
    for opening in OPENINGS:
        haystack = lowered if opening.any_case else plain
        if opening.pattern.search(haystack):  # nearly never, and known at a third of the cost
            yield from _spelled(text, haystack, opening)
    if "@" in plain:
        yield from _in_urls(text, plain)
    for begin in NAMES_BEGIN:
        if begin.search(lowered):
            yield from _behind_names(text, lowered, begin)


def _spelled(text: str, haystack: str, opening: Opening) -> Iterator[_Find]:
    for begin in opening.pattern.finditer(haystack):
        for one in opening.formats:
            found = one.pattern.match(text, begin.start())
            if found is None:
                continue
            group = found.re.groups
            likely = is_high_entropy(found[group]) if group else _bits(found[0]) >= _LEAST_BITS
            if likely or found[group].endswith("="):
                yield _Find(found.start(group), found.end(group), one.kind)


def _in_urls(text: str, plain: str) -> Iterator[_Find]:
    for begin in _URL.finditer(plain):
        found = URL_PASSWORD.match(text, begin.start())
        if found is None:
            continue
        user, password = found.groups()
        if password == user or _MADE_UP.search(password) or _REFERENCE.match(password):
            continue
        if password.lower() in ("pass", "secret", "pwd", "pw", "user", "admin", "root"):
            continue
        yield _Find(found.start(2), found.end(2), "password in a URL")


def _behind_names(text: str, lowered: str, begin: re.Pattern[str]) -> Iterator[_Find]:
    passed = 0
    for name in begin.finditer(lowered):
        found = NAMED.match(text, name.start()) if name.start() >= passed else None
        if found is None or found.lastindex is None:
            continue
        start, end = found.span(found.lastindex)
        if (
            end - start > _LONG
        ):  # names inside are not looked at: a hostile text would take for ever
            passed = end
        if is_high_entropy(found[found.lastindex]):
            yield _Find(start, end, found[1].lower())


def is_high_entropy(value: str) -> bool:
    """Return whether a value looks drawn at random, and is neither made up for an example nor a reference to
    where the value is.
    """
    if len(value) < 64 and _MADE_UP.search(value):
        return False
    if _REFERENCE.match(value):
        return False
    mixed = any(
        any(one.isdigit() for one in piece) and any(one.isalpha() for one in piece)
        for piece in _PIECE.findall(value)
    ) or re.fullmatch(r"[0-9a-fA-F]{4,12}(?:-[0-9a-fA-F]{4,12}){3,7}", value)
    return bool(mixed) and _bits(value) >= _LEAST_BITS


def _bits(value: str) -> float:
    """Return the Shannon entropy of a text in bits a character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())

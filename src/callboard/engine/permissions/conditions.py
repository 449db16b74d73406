"""Whether a rule's conditions hold for a call.

One that grants (`allow`) must hold for everything in a list; one that limits (`ask`, `deny`), for anything in
it, and for whatever cannot be judged.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from callboard.domain.definition.permissions import ArgumentCondition
from callboard.engine.globs import compiled
from callboard.engine.permissions.commands import shell_line
from callboard.engine.permissions.values import Spelling, Value


def holds(condition: str | ArgumentCondition, value: Value, *, grants: bool) -> bool:
    """Return whether a condition holds for an argument."""
    if isinstance(condition, str):
        return _glob(condition, value, grants=grants)
    checks: list[Callable[[], bool]] = []
    if condition.glob is not None:
        pattern = condition.glob
        checks.append(lambda: _glob(pattern, value, grants=grants))
    if condition.words is not None:
        words = condition.words
        checks.append(lambda: _each(value, lambda text: _words(words, text, grants=grants), grants))
    if condition.host is not None:
        wanted = condition.host
        checks.append(lambda: _each(value, lambda text: _host(wanted, text, grants=grants), grants))
    return all(check() for check in checks) and _schema(condition, value, grants=grants)


def _each(value: Value, check: Callable[[str], bool], grants: bool) -> bool:
    found = [check(spelling.text) for spelling in value.spellings]
    return bool(found) and all(found) if grants else any(found)


def _glob(pattern: str, value: Value, *, grants: bool) -> bool:
    if not grants:
        return value.has(compiled(pattern))
    matches = compiled(pattern).fullmatch
    return bool(value.spellings) and all(
        _granted(matches, spelling) for spelling in value.spellings
    )


def _granted(matches: Callable[[str], object], spelling: Spelling) -> bool:
    """A grant holds for what a text comes to as a path; for the text itself only where that is the same
    thing, or it cannot be a way around (a URL without dot segments).
    """
    return bool(matches(spelling.path) or (spelling.is_plain and matches(spelling.text)))


def _words(pattern: tuple[str, ...], text: str, *, grants: bool) -> bool:
    line = shell_line(text)
    if grants:
        clear = not (line.unclear or line.redirects) and bool(line.commands)
        return clear and all(_begins(pattern, command) for command in line.commands)
    return line.unclear or any(_may_begin(pattern, command) for command in line.commands)


def _begins(pattern: tuple[str, ...], command: tuple[str, ...]) -> bool:
    """Return whether a command's first words match, as they stand."""
    return len(command) >= len(pattern) and all(
        _is(word, wanted) for word, wanted in zip(command, pattern, strict=False)
    )


def _may_begin(pattern: tuple[str, ...], command: tuple[str, ...]) -> bool:
    """Return whether a command may come to the pattern's words.

    `git -C x push` is limited as `git push` is: what stands between a program and its verb differs from call
    to call, so that later words are looked for in order. A variable may be any word.
    """
    if not command or not _is(command[0], pattern[0]):
        return False
    words = iter(command[1:])
    return all(any(_is(word, wanted) or "$" in word for word in words) for wanted in pattern[1:])


def _is(word: str, wanted: str) -> bool:
    return word == wanted or fnmatchcase(word, wanted)


def _host(wanted: str, text: str, *, grants: bool) -> bool:
    """Return whether a URL's host is the wanted one; one that cannot be read is limited and not granted."""
    if any(char == "\\" or char.isspace() or not char.isprintable() for char in text):
        return not grants
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname
        plain = (host or "").rstrip(".").encode("idna").decode().lower()
    except (ValueError, UnicodeError):
        return not grants
    if not plain:
        return not grants
    wanted = wanted.lower().rstrip(".")
    if wanted.startswith("*."):
        return plain.endswith(wanted[1:])
    return plain == wanted


def _schema(condition: ArgumentCondition, value: Value, *, grants: bool) -> bool:
    """Judge the argument itself by the conditions that mean what they mean in a JSON Schema."""
    given = value.value
    if condition.enum is not None and not any(
        type(given) is type(allowed) and given == allowed for allowed in condition.enum
    ):
        return False
    if condition.minimum is not None or condition.maximum is not None:
        if isinstance(given, bool) or not isinstance(given, int | float):
            return not grants
        low, high = condition.minimum, condition.maximum
        if (low is not None and given < low) or (high is not None and given > high):
            return False
    if condition.min_length is None and condition.max_length is None:
        return True
    if not isinstance(given, str | list):
        return not grants
    least, most = condition.min_length or 0, condition.max_length
    return least <= len(given) and (most is None or len(given) <= most)

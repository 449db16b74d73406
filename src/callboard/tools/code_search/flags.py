"""Which of ripgrep's options a model may use. Pure.

Left out are those that run programs, follow links, read other files as patterns, or search what is ignored.
"""

import shlex

_SWITCHES = {
    "i": "ignore-case",
    "s": "case-sensitive",
    "S": "smart-case",
    "w": "word-regexp",
    "x": "line-regexp",
    "F": "fixed-strings",
    "v": "invert-match",
    "U": "multiline",
    "P": "pcre2",
    "o": "only-matching",
    "l": "files-with-matches",
    "c": "count",
}
_LONG_SWITCHES = {
    *_SWITCHES.values(),
    *("multiline-dotall", "hidden", "crlf", "trim", "files-without-match", "glob-case-insensitive"),
}
_VALUED = {
    "t": "type",
    "T": "type-not",
    "g": "glob",
    "A": "after-context",
    "B": "before-context",
    "C": "context",
    "m": "max-count",
    "d": "max-depth",
}
_LONG_VALUED = {*_VALUED.values(), "iglob", "max-filesize"}
_GIVEN = {"n", "H", "line-number", "with-filename", "no-heading", "color", "no-config", "null"}
_GIVEN_VALUED = {"color"}


class FlagsRefused(ValueError):
    """Flags that are not allowed or make no sense."""


def parse(flags: str) -> list[str]:
    """Return flags in their long spelling, each one word (`--glob=*.py`).

    Raises:
        FlagsRefused: unknown, unsafe or incomplete; the message lists what is allowed.
    """
    try:
        words = shlex.split(flags)
    except ValueError as problem:
        raise FlagsRefused(f"flags cannot be read: {problem}") from None
    words.reverse()
    parsed: list[str] = []
    while words:
        word = words.pop()
        if word.startswith("--") and len(word) > 2:
            parsed += _long(word[2:], words)
        elif word.startswith("-") and len(word) > 1:
            parsed += _short(word[1:], words)
        else:
            raise _refusal(word)
    return parsed


def _long(text: str, rest: list[str]) -> list[str]:
    name, equals, value = text.partition("=")
    if name in _GIVEN:
        if name in _GIVEN_VALUED and not equals and rest:
            rest.pop()
        return []
    if name in _LONG_SWITCHES and not equals:
        return [f"--{name}"]
    if name in _LONG_VALUED:
        return [f"--{name}={value if equals else _value(name, rest)}"]
    raise _refusal(f"--{name}")


def _short(letters: str, rest: list[str]) -> list[str]:
    parsed: list[str] = []
    for index, letter in enumerate(letters):
        if letter in _SWITCHES:
            parsed.append(f"--{_SWITCHES[letter]}")
        elif letter in _VALUED:
            given = letters[index + 1 :].removeprefix("=")
            return [*parsed, f"--{_VALUED[letter]}={given or _value(letter, rest)}"]
        elif letter not in _GIVEN:
            raise _refusal(f"-{letter}")
    return parsed


def _value(name: str, rest: list[str]) -> str:
    if not rest:
        raise FlagsRefused(f"the flag {name} needs a value")
    return rest.pop()


def _refusal(word: str) -> FlagsRefused:
    short = ", ".join(f"-{letter}" for letter in (*_SWITCHES, *_VALUED))
    long = ", ".join(f"--{name}" for name in sorted(_LONG_SWITCHES | _LONG_VALUED))
    return FlagsRefused(f"the flag {word} is not allowed; allowed are {short}, {long}")

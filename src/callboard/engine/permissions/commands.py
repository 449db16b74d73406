"""The commands that a shell line holds, as far as they can be known before it runs.

A shell has many ways to say the same thing. What cannot be read is said to be `unclear`: rules that limit
then hold, rules that grant do not.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

_MAX_TEXT: Final = 50_000
_MAX_DEPTH: Final = 8
_MAX_COMMANDS: Final = 500
_MAX_WRAPPED: Final = 12
_SEPARATORS: Final = frozenset(";&|\n(){}!")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_WRAPPERS: Final = frozenset(
    {"sudo", "env", "nohup", "time", "command", "exec", "builtin", "nice", "setsid", "stdbuf"}
    | {"xargs", "timeout", "doas", "ionice", "chroot", "unbuffer", "watch"}
)
_KEYWORDS: Final = frozenset({"if", "then", "else", "elif", "while", "until", "do", "done", "fi"})
_SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "eval", "source", "."})


@dataclass(frozen=True, slots=True)
class ShellLine:
    """The commands of a line, each as its words without quotes. `unclear`: one of them is only known when
    it runs. `redirects`: it writes to a file, or reads from one.
    """

    commands: tuple[tuple[str, ...], ...]
    unclear: bool = False
    redirects: bool = False


@lru_cache(maxsize=512)
def shell_line(text: str) -> ShellLine:
    """Return the commands that a line may run, those in substitutions and behind `sudo` or `sh -c` too."""
    if len(text) > _MAX_TEXT:
        return ShellLine((), unclear=True)
    reader = _Reader()
    reader.read(text, 0)
    return ShellLine(tuple(reader.commands), reader.unclear, reader.redirects)


class _Words:
    """The words of the command that is being read."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._pieces: list[str] = []

    @property
    def inside_word(self) -> bool:
        return bool(self._pieces)

    def add(self, text: str) -> None:
        self._pieces.append(text)

    def end_word(self) -> None:
        if self._pieces:
            self._words.append("".join(self._pieces))
            self._pieces = []

    def take(self) -> list[str]:
        self.end_word()
        words, self._words = self._words, []
        return words


class _Reader:
    def __init__(self) -> None:
        self.commands: list[tuple[str, ...]] = []
        self.unclear = False
        self.redirects = False

    def read(self, text: str, depth: int) -> None:
        if depth > _MAX_DEPTH or len(self.commands) > _MAX_COMMANDS:
            self.unclear = True
            return
        words, at = _Words(), 0
        while at < len(text):
            at = self._special(text, at, words, depth) or self._plain(text, at, words, depth)
        self._command(words.take(), depth)

    def _special(self, text: str, at: int, words: _Words, depth: int) -> int | None:
        """Read what is quoted, escaped or substituted; return the place behind it, None where nothing is."""
        char = text[at]
        if char in "'\"":
            quoted, at = self._quoted(text, at, depth)
            words.add(quoted)
            return at
        if char == "\\":
            words.add(text[at + 1 : at + 2].replace("\n", ""))
            return at + 2
        if char == "`" or text.startswith(("$(", "<(", ">("), at):
            words.add("$()")
            return self._substitution(text, at, depth)
        if char == "#" and not words.inside_word:
            end = text.find("\n", at)
            return len(text) if end < 0 else end
        return None

    def _plain(self, text: str, at: int, words: _Words, depth: int) -> int:
        char = text[at]
        if char in "<>":
            self.redirects = True
            words.end_word()
        elif char in _SEPARATORS and not (char in "{}!" and words.inside_word):
            self._command(words.take(), depth)
        elif char.isspace():
            words.end_word()
        else:
            words.add(char)
        return at + 1

    def _quoted(self, text: str, start: int, depth: int) -> tuple[str, int]:
        """Return what stands between quotes, and the place behind them."""
        quote, at, inside = text[start], start + 1, ""
        while at < len(text) and text[at] != quote:
            if quote == '"' and text[at] == "\\":
                inside += text[at + 1 : at + 2]
                at += 2
            elif quote == '"' and (text[at] == "`" or text.startswith("$(", at)):
                at = self._substitution(text, at, depth)
                inside += "$()"
            else:
                inside += text[at]
                at += 1
        self.unclear = self.unclear or at >= len(text)
        return inside, at + 1

    def _substitution(self, text: str, start: int, depth: int) -> int:
        """Read the commands of `$(…)` or backticks; return the place behind it."""
        if text[start] == "`":
            end = text.find("`", start + 1)
            inner = start + 1
        else:
            inner = start + 2
            end = _closing(text, inner)
        if end < 0:
            self.unclear = True
            end = len(text)
        self.read(text[inner:end], depth + 1)
        return end + 1

    def _command(self, words: list[str], depth: int) -> None:
        while words and (_ASSIGNMENT.match(words[0]) or words[0] in _KEYWORDS):
            words = words[1:]
        if not words:
            return
        name = words[0].rpartition("/")[2]
        if any(mark in words[0] for mark in "$*?[~"):
            self.unclear = True
        self.commands.append((name, *words[1:]))
        if name in _WRAPPERS:
            self._wrapped(words[1:], depth)
        elif name in _SHELLS:
            self._shell(name, words[1:], depth)

    def _wrapped(self, words: list[str], depth: int) -> None:
        """A wrapper's own arguments are not told from the command's: each word may be where that begins."""
        if depth >= _MAX_DEPTH:
            self.unclear = True
            return
        for start, word in enumerate(words[:_MAX_WRAPPED]):
            if not word.startswith("-"):
                self._command(words[start:], _MAX_DEPTH if start else depth + 1)

    def _shell(self, name: str, words: list[str], depth: int) -> None:
        if name == "eval":
            self.read(" ".join(words), depth + 1)
            return
        for flag, script in pairwise(words):
            if flag.startswith("-") and "c" in flag:
                self.read(script, depth + 1)
                return
        self.unclear = True


def _closing(text: str, at: int) -> int:
    """Return where the bracket closes that was opened before `at`, or -1."""
    level = 1
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char in "'\"":
            at = text.find(char, at + 1)
            if at < 0:
                return -1
        elif char == "(":
            level += 1
        elif char == ")":
            level -= 1
            if level == 0:
                return at
        at += 1
    return -1

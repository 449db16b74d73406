"""Code in colour: classes only, a line at a time, so that changes and pages of code are made of the same parts.

Only languages of this module's table are coloured, by their names or the names of files: nothing is guessed from the
text, which comes from anywhere.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import (
    get_lexer_by_name,  # pyright: ignore[reportUnknownVariableType]
)
from pygments.token import Token, _TokenType  # pyright: ignore[reportPrivateUsage]  the type has no public name

from callboard.web.render.invisible import marked
from callboard.web.render.languages import language_of

LARGEST: Final = 200_000
"""Characters beyond which code is left plain."""
_LONGEST_LINE: Final = 1_000
_PART: Final = 3_000
"""Characters that a language's rules read at once."""

Piece = tuple[str, str]
"""The class of a piece of text, empty for none, and the text."""
Line = list[Piece]

CLASSES: Final = frozenset(
    {
        "code-k",
        "code-s",
        "code-c",
        "code-n",
        "code-f",
        "code-b",
        "code-d",
        "code-t",
        "code-a",
        "code-h",
    }
)
"""Every class that a piece of code can have (`code-add` and `code-del` mark lines of a diff)."""
_CLASS_OF: Final[Sequence[tuple[_TokenType, str]]] = (
    (Token.Comment, "code-c"),
    (Token.Keyword.Constant, "code-n"),
    (Token.Keyword, "code-k"),
    (Token.Operator.Word, "code-k"),
    (Token.String, "code-s"),
    (Token.Number, "code-n"),
    (Token.Literal, "code-s"),
    (Token.Name.Function, "code-f"),
    (Token.Name.Class, "code-f"),
    (Token.Name.Decorator, "code-d"),
    (Token.Name.Tag, "code-t"),
    (Token.Name.Attribute, "code-a"),
    (Token.Name.Builtin, "code-b"),
    (Token.Name.Exception, "code-b"),
    (Token.Name.Variable, "code-a"),
    (Token.Generic.Heading, "code-h"),
    (Token.Generic.Subheading, "code-h"),
)


def highlighted(text: str, *, language: str = "", file: str = "") -> Markup:
    """Return code for a `<pre>`: in colour where the language, or else the name of the file, is known."""
    found = language_of(language, file)
    return Markup("\n").join(pieces_markup(line) for line in lines_of(text, found))


def lines_of(text: str, language: str | None) -> list[Line]:
    """Return the lines of a text, each in pieces with classes. As many as the text has, with the same characters:
    what a language's rules make of it changes only the classes.
    """
    texts = text.split("\n")
    lines: list[Line] = [[("", one)] if one else [] for one in texts]
    if language is None or len(text) > LARGEST:
        return lines
    for part in _parts(texts):
        for number, coloured in zip(
            part, _coloured([texts[n] for n in part], language), strict=False
        ):
            if _joined(coloured) == texts[number]:  # a rule may change the text: the text wins
                lines[number] = coloured
    return lines


def _parts(lines: Sequence[str]) -> Iterator[list[int]]:
    """Yield the numbers of the lines to colour, in parts of a bounded size that begin at the margin where they can.

    The rules of many languages take time that grows with the square of what they read, most of all of empty lines
    and long ones: so they are not shown more than one empty line in a row, nor long lines, nor much at once.
    """
    part: list[int] = []
    size, was_blank = 0, False
    for number, line in enumerate(lines):
        blank = not line or line.isspace()
        if (blank and was_blank) or len(line) > _LONGEST_LINE or (line and blank):
            continue
        starts = was_blank and line[:1].isalpha()
        if size > _PART or (size > _PART // 2 and starts):
            yield part
            part, size = [], 0
        part.append(number)
        size += len(line) + 1
        was_blank = blank
    if part:
        yield part


def _coloured(lines: Sequence[str], language: str) -> list[Line]:
    try:
        return list(_split(_tokens("\n".join(lines), language)))
    except Exception:  # noqa: BLE001 - rules of some sixty languages, fed with anything: plain is the answer
        return []


def pieces_markup(line: Iterable[Piece], show: Callable[[str], Markup] = marked) -> Markup:
    """Return the pieces of a line as markup."""
    parts = [
        f'<span class="{escape(name)}">{show(text)}</span>' if name else show(text)
        for name, text in line
    ]
    return Markup("".join(parts))  # noqa: S704 - every part is escaped


def _joined(line: Line) -> str:
    return "".join(text for _, text in line)


def _tokens(text: str, language: str) -> Iterator[Piece]:
    for _, kind, value in _lexer(language).get_tokens_unprocessed(text):
        yield _class_of(kind), value


def _split(tokens: Iterable[Piece]) -> Iterator[Line]:
    line: Line = []
    for name, value in tokens:
        first, *others = value.split("\n")
        _add(line, name, first)
        for other in others:
            yield line
            line = []
            _add(line, name, other)
    yield line


def _add(line: Line, name: str, text: str) -> None:
    if not text:
        return
    if line and line[-1][0] == name:
        line[-1] = (name, line[-1][1] + text)
    else:
        line.append((name, text))


@cache
def _class_of(kind: _TokenType) -> str:
    return next((name for parent, name in _CLASS_OF if kind in parent), "")


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language)

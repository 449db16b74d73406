"""A change as markup: every file with its counts, lines with both numbers, changed words marked."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from markupsafe import Markup

from callboard.web.render.changes import ChangedFile, ChangedLine, FileKind
from callboard.web.render.code import Line, lines_of, pieces_markup
from callboard.web.render.invisible import marked
from callboard.web.render.languages import language_of
from callboard.web.render.words_changed import Span, words_changed

MOST_LINES: Final = 500
"""Lines of a change that are shown before somebody asks for all."""
MOST_FILES: Final = 300

_KINDS: Final[dict[FileKind, str]] = {
    "changed": "",
    "added": "new file",
    "removed": "deleted",
    "renamed": "renamed",
    "copied": "copied",
}
_FILE: Final = Markup(
    '<div class="diff-file"><div class="diff-head"><span class="diff-path">{path}</span>'
    "{what}{counts}</div>{notes}{lines}</div>"
)
_TABLE: Final = Markup(
    '<table class="diff-lines"><caption class="diff-caption">Changed lines of {}</caption><tbody>{}</tbody></table>'
)
_ROW: Final = Markup(
    '<tr class="diff-{kind}"><td class="diff-no"{old}></td><td class="diff-no"{new}></td>'
    '<td class="diff-text"><span class="diff-sign">{sign}</span>{text}</td></tr>'
)
_HUNK: Final = Markup('<tr class="diff-hunk"><td class="diff-text" colspan="3">{}</td></tr>')
_SIGNS: Final = {"same": " ", "added": "+", "removed": "-"}
_OPEN: Final = Markup(' <span class="diff-open">no newline at the end</span>')


def diff(files: Sequence[ChangedFile], *, limit: int | None = MOST_LINES, more: str = "") -> Markup:
    """Return a change as markup, at most `limit` lines of it. `more` is the address that shows all, for the link
    that is put where lines are left out.
    """
    left = sum(_size(file) for file in files) if limit is None else limit
    most = len(files) if limit is None else MOST_FILES
    parts: list[Markup] = []
    for file in files[:most]:
        parts.append(_file(file, left))
        left = max(left - _size(file), 0)
    every = sum(_size(file) for file in files)
    if limit is not None and (every > limit or len(files) > most):
        parts.append(_rest(every, len(files), more))
    return Markup('<div class="diff">{}</div>').format(Markup("").join(parts))


def counts(added: int, removed: int) -> Markup:
    """Return how many lines came and went."""
    form = Markup(
        '<span class="diff-counts"><span class="diff-plus">+{:,}</span> <span class="diff-minus">\u2212{:,}</span></span>'
    )
    return form.format(added, removed)


def name_of(file: ChangedFile) -> Markup:
    """Return the name of a file, with the old one before it where it moved."""
    if file.before is None:
        return marked(file.path or "text")
    return Markup("{} → {}").format(marked(file.before), marked(file.path))


def _size(file: ChangedFile) -> int:
    return sum(len(hunk.lines) for hunk in file.hunks)


def _rest(lines: int, files: int, more: str) -> Markup:
    said = f"{lines:,} lines in {files:,} files" if files > 1 else f"{lines:,} lines"
    if not more:
        return Markup('<p class="diff-more">Cut here; {} in all.</p>').format(said)
    return Markup('<p class="diff-more"><a href="{}">Show all {}</a></p>').format(more, said)


def _file(file: ChangedFile, left: int) -> Markup:
    word = "binary" if file.is_binary else _KINDS[file.kind]
    what = Markup(' <span class="diff-what">{}</span>').format(word) if word else Markup("")
    notes = [Markup("<li>{}</li>").format(marked(note)) for note in file.notes[:50]]
    listed = Markup('<ul class="diff-notes">{}</ul>').format(Markup("").join(notes))
    rows = Markup("").join(_rows(file, left))
    return _FILE.format(
        path=name_of(file),
        what=what,
        counts=counts(file.added, file.removed),
        notes=listed if notes else Markup(""),
        lines=_TABLE.format(name_of(file), rows) if rows else Markup(""),
    )


def _rows(file: ChangedFile, left: int) -> Iterator[Markup]:
    language = language_of(file=file.path)
    for hunk in file.hunks:
        if left <= 0:
            return
        shown = hunk.lines[:left]
        left -= len(shown)
        head = f"@@ -{hunk.old_start:,} +{hunk.new_start:,} @@ {hunk.heading}"
        yield _HUNK.format(marked(head.rstrip()))
        marks = words_changed(shown)
        for number, (line, pieces) in enumerate(
            zip(shown, _coloured(shown, language), strict=True)
        ):
            yield _row(line, pieces, marks.get(number, []))


def _coloured(lines: Sequence[ChangedLine], language: str | None) -> Iterator[Line]:
    """Yield the pieces of each line, coloured as part of the text that it belongs to."""
    old = _side(lines, language, "added")
    new = _side(lines, language, "removed")
    for line in lines:
        fresh = next(new) if line.kind != "removed" else None
        stale = next(old) if line.kind != "added" else None
        yield fresh if fresh is not None else stale or []


def _side(lines: Iterable[ChangedLine], language: str | None, other: str) -> Iterator[Line]:
    return iter(lines_of("\n".join(line.text for line in lines if line.kind != other), language))


def _row(line: ChangedLine, pieces: Line, spans: Sequence[Span]) -> Markup:
    text = pieces_markup(pieces) if not spans else _marked_words(line, pieces, spans)
    if line.is_open and line.kind != "same":
        text += _OPEN
    return _ROW.format(
        kind=line.kind,
        old=_number(line.old),
        new=_number(line.new),
        sign=_SIGNS[line.kind],
        text=text,
    )


def _number(number: int | None) -> Markup:
    return Markup("") if number is None else Markup(' data-n="{}"').format(number)


def _marked_words(line: ChangedLine, pieces: Line, spans: Sequence[Span]) -> Markup:
    tag = "ins" if line.kind == "added" else "del"
    edges = sorted({edge for span in spans for edge in span})
    parts: list[Markup] = []
    at = 0
    for piece in _cut(pieces, edges):
        inside = any(start <= at < end for start, end in spans)
        shown = pieces_markup([piece])
        parts.append(Markup("<{0}>{1}</{0}>").format(tag, shown) if inside else shown)
        at += len(piece[1])
    return Markup("").join(parts)


def _cut(pieces: Line, edges: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Yield pieces that cross no edge."""
    at = 0
    for name, text in pieces:
        start = at
        for edge in (*(edge for edge in edges if at < edge < at + len(text)), at + len(text)):
            yield name, text[start - at : edge - at]
            start = edge
        at += len(text)

"""Lines on the page: times, names, wrapped text, and colours where somebody wants them."""

from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from callboard.cli.story.line import Line, Tone
from callboard.cli.streams import Outlet
from callboard.cli.text import clock

_WIDEST = 110
_TIME, _NAME, _GAP = 8, 16, 2
_INDENT = _TIME + _NAME + 2 * _GAP
_MOST_LINES = 24
_STYLES: dict[Tone, str] = {
    "said": "",
    "note": "dim",
    "good": "green",
    "bad": "red",
    "head": "bold",
}


class Page:
    """Writes lines one below the other. Colours only on a terminal, and never where NO_COLOR is set."""

    def __init__(self, outlet: Outlet) -> None:
        # The outlet is all that Rich needs of a file.
        self._console = Console(file=outlet, highlight=False, markup=False, emoji=False)  # pyright: ignore[reportArgumentType]
        self._last_name = ""

    @property
    def width(self) -> int:
        """How wide lines may be."""
        return min(self._console.width, _WIDEST) if self._console.is_terminal else _WIDEST

    @property
    def is_terminal(self) -> bool:
        """Whether lines can be drawn and drawn again."""
        return self._console.is_terminal and not self._console.is_dumb_terminal

    def show(self, lines: Iterable[Line]) -> None:
        """Write lines."""
        for line in lines:
            if line.piece.tone == "head":
                self._head(line)
            else:
                self._body(line)

    def text(self, text: str, style: str = "") -> None:
        """Write text as it is."""
        self._write(Text(text, style=style))

    def _head(self, line: Line) -> None:
        title = f"── {line.piece.text} "
        self._write(Text("\n" + title.ljust(min(self.width, 72), "─"), style="bold"))
        self._last_name = ""

    def _body(self, line: Line) -> None:
        name = line.who if line.who != self._last_name else ""
        self._last_name = line.who
        start = Text(clock(line.since).rjust(_TIME), style="dim")
        cell = Text(name, style="bold")
        cell.truncate(_NAME, overflow="ellipsis", pad=True)
        start.append(" " * _GAP).append_text(cell).append(" " * _GAP)
        piece = line.piece
        mark = "  " if piece.outcome is not None or piece.tone == "note" else ""
        room = max(self.width - _INDENT - len(mark), 20)
        style = _STYLES[piece.tone]
        if piece.outcome is not None:
            row = Text(self._in_one_row(piece.text, piece.outcome, room), style=style)
            self._write(Text.assemble(start, mark, row))
            return
        body = Text(piece.text, style=style).wrap(self._console, room, tab_size=4)
        for number, row in enumerate(body[:_MOST_LINES]):
            indent = start if number == 0 else Text(" " * _INDENT)
            row.rstrip()
            self._write(Text.assemble(indent, mark, row))
        if len(body) > _MOST_LINES:
            left = f"… {len(body) - _MOST_LINES} more lines"
            self._write(Text(" " * _INDENT + left, style="dim"))

    def _in_one_row(self, call: str, outcome: str, room: int) -> str:
        """Return a call and its outcome; on a terminal cut so that they fit into a row."""
        end = f" — {outcome}" if outcome else ""
        if not self._console.is_terminal:
            return call + end
        kept = Text(call)
        kept.truncate(max(room - cell_len(end), room // 2), overflow="ellipsis")
        whole = Text(kept.plain + end)
        whole.truncate(room, overflow="ellipsis")
        return whole.plain

    def _write(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)

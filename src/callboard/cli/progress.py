"""Live progress: lines as things happen, and on a terminal a status line below them."""

import asyncio
import time
from types import TracebackType
from typing import Self

from rich.cells import set_cell_size

from callboard.cli.paint import Page
from callboard.cli.plain import one_line
from callboard.cli.story.line import Line
from callboard.cli.story.story import Story
from callboard.cli.streams import ERR, OUT, give, give_json_text
from callboard.cli.text import duration, money
from callboard.domain.events.codec import Recorded, Sealed
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallStarted
from callboard.ports.model import Delta, TextDelta

_TICK_S = 0.25
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class StatusLine:
    """The last line of a terminal, drawn again and again; nothing where stderr is no terminal."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._is_shown = False
        self._text: str = ""
        self._frame = 0

    def draw(self, text: str) -> None:
        """Draw the line, where it is not there already."""
        if not self._page.is_terminal or (self._is_shown and text == self._text):
            return
        self._text = text
        self._frame = (self._frame + 1) % len(_FRAMES)
        cut = set_cell_size(f"{_FRAMES[self._frame]} {text}", max(self._page.width - 1, 10))
        ERR.write(f"\r\x1b[2K{cut.rstrip()}")
        ERR.flush()
        self._is_shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._is_shown:
            ERR.write("\r\x1b[2K")
            ERR.flush()
            self._is_shown = False


class Progress:
    """Shows runs to people: the text of one run on stdout, everything else on stderr.

    `text_of` is the run whose text is the result; None where stdout is to stay empty. A story that has
    begun elsewhere is told on.
    """

    def __init__(self, story: Story, *, text_of: str | None = None) -> None:
        self._story = story
        self._text_of = text_of
        self._page = Page(ERR)
        self._status = StatusLine(self._page)
        self._began = time.monotonic()
        self._has_streamed = False
        self._in_text = False
        self._ticker: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        if self._page.is_terminal:
            self._ticker = asyncio.get_running_loop().create_task(self._tick())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        self._status.clear()
        self._end_text()

    def event(self, recorded: Recorded, sealed: Sealed) -> None:
        """Show an event."""
        del sealed
        lines = self._story.tell(recorded)
        if recorded.run_id == self._text_of:
            lines = self._without_result(recorded, lines)
        if lines:
            self._end_text()
            self._status.clear()
            self._page.show(lines)
        self._draw()

    def delta(self, run_id: str, delta: Delta) -> None:
        """Show a piece of text."""
        if run_id == self._text_of and isinstance(delta, TextDelta) and delta.text:
            self._status.clear()
            give(delta.text, end="")
            self._has_streamed = self._in_text = True

    def _without_result(self, recorded: Recorded, lines: list[Line]) -> list[Line]:
        """Take the text that is the result out of the lines; print it where it was not streamed."""
        event = recorded.event
        if isinstance(event, ModelCallStarted):
            self._has_streamed = False
        if isinstance(event, ModelCallCompleted):
            if event.message.text.strip() and not self._has_streamed:
                give(event.message.text, end="")
                self._in_text = True
            self._end_text()
            return [line for line in lines if line.piece.tone != "said"]
        return lines

    def _end_text(self) -> None:
        if self._in_text:
            give("")
            self._in_text = False

    async def _tick(self) -> None:
        while True:
            self._draw()
            await asyncio.sleep(_TICK_S)

    def _draw(self) -> None:
        if self._in_text and OUT.isatty():
            return  # the line belongs to the text
        story = self._story
        parts = [one_line(story.doing, 70)]
        if story.turn:
            parts.append(f"turn {story.turn}")
        parts += [money(story.bill), duration(time.monotonic() - self._began)]
        self._status.draw(" · ".join(parts))


class JsonLines:
    """Shows runs to programs: their events, one JSON object a line."""

    def event(self, recorded: Recorded, sealed: Sealed) -> None:
        """Print an event as it is stored."""
        del recorded
        give_json_text(sealed.body.decode())

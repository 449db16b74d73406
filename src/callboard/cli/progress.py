"""Live progress: a line per event, and on a terminal a status line below them."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

from callboard.cli.activity import describe, money, plain
from callboard.cli.process import give
from callboard.domain.events.codec import Recorded, Sealed
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallStarted
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.usage import Bill
from callboard.ports.model import Delta, TextDelta


class Progress:
    """Shows a run to people: text of the root agent on stdout, everything else on stderr.

    Plain lines where stderr is no terminal. `stream_text` False keeps stdout empty.
    """

    def __init__(self, root_id: str, *, stream_text: bool) -> None:
        self._root_id = root_id
        self._stream_text = stream_text
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._status: Status | None = None
        self._names: dict[str, str] = {}
        self._bill = Bill()
        self._turn = 0
        self._in_text = False

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._console.status("starting", spinner="dots")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()
        self._end_text()

    def event(self, recorded: Recorded, sealed: Sealed) -> None:
        """Show an event."""
        del sealed
        event = recorded.event
        if isinstance(event, RunCreated) and isinstance(event.subject, AgentSubject):
            self._names[recorded.run_id] = event.subject.definition.display_name
        if isinstance(event, ModelCallStarted):
            self._turn = event.turn
        if isinstance(event, ModelCallCompleted):
            self._bill = self._bill.plus(event.cost_usd)
        line = describe(recorded)
        if line is not None:
            self._end_text()
            name = self._names.get(recorded.run_id)
            self._console.print(f"  {name}: {line}" if name else f"{line}")
        self._refresh(recorded.run_id)

    def delta(self, run_id: str, delta: Delta) -> None:
        """Show a piece of text of the root agent."""
        if run_id == self._root_id and self._stream_text and isinstance(delta, TextDelta):
            shown = plain(delta.text) if sys.stdout.isatty() else delta.text
            give(shown, end="")
            self._in_text = True

    def _end_text(self) -> None:
        if self._in_text:
            give("")
            self._in_text = False

    def _refresh(self, run_id: str) -> None:
        if self._status is not None:
            name = self._names.get(run_id, "")
            self._status.update(f"{name} · turn {self._turn} · {money(self._bill)}")


class JsonLines:
    """Shows a run to programs: its events, one JSON object a line."""

    def event(self, recorded: Recorded, sealed: Sealed) -> None:
        """Print an event as it is stored."""
        del recorded
        give(sealed.body.decode())

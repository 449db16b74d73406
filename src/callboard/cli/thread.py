"""The thread of a task or run: who did what, what changed, what it cost, how long it took."""

from datetime import timedelta

from rich.console import Console

from callboard.cli.activity import (
    describe,
    describe_change,
    money,
    one_line,
    plain,
    turn_cost,
)
from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.usage import Bill
from callboard.usecases.runs import ShownRun


def print_thread(shown: ShownRun, console: Console | None = None) -> None:
    """Print a run and everything below it as people read it."""
    out = console or Console(highlight=False, markup=False, soft_wrap=True)
    row = shown.row
    out.print(f"{plain(row.title)}  [{row.run_id}]  {row.status}")
    printer = _Printer(out)
    for recorded in shown.events:
        printer.show(recorded)
    elapsed = (row.ended_at or row.updated_at) - row.created_at
    out.print(
        f"{row.status} after {duration(elapsed)}, {money(row.bill)}, "
        f"{row.usage.input_tokens:,} tokens in, {row.usage.output_tokens:,} out"
    )
    if row.waiting_for is not None:
        out.print(f"Waits for a decision: callboard inbox show {row.run_id}")
    out.print(f"Verify the log: callboard runs verify {row.run_id}")


def duration(elapsed: timedelta) -> str:
    """Return a duration for people."""
    seconds = elapsed.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


class _Printer:
    """Prints events in order, with names of agents, times since the start and the running cost."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._names: dict[str, str] = {}
        self._started: Recorded | None = None
        self._bill = Bill()

    def show(self, recorded: Recorded) -> None:
        event = recorded.event
        self._started = self._started or recorded
        if isinstance(event, RunCreated) and isinstance(event.subject, AgentSubject):
            self._names[recorded.run_id] = event.subject.definition.display_name
        if isinstance(event, ModelCallCompleted):
            self._bill = self._bill.plus(event.cost_usd)
            text = event.message.text.strip()
            if text:
                self._line(recorded, one_line(text, 160))
            self._line(
                recorded, f"answer {event.turn} ({turn_cost(event)}; so far {money(self._bill)})"
            )
            return
        if isinstance(event, FilesChanged):
            for change in event.changes:
                self._line(recorded, describe_change(change))
            return
        line = describe(recorded)
        if line is not None:
            self._line(recorded, line)

    def _line(self, recorded: Recorded, text: str) -> None:
        start = self._started.at if self._started is not None else recorded.at
        since = (recorded.at - start).total_seconds()
        name = self._names.get(recorded.run_id, "·")
        self._out.print(f"{since:8.2f}s  {plain(name)[:18]:18}  {text}")

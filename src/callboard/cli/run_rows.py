"""Runs as `callboard runs` prints them."""

from datetime import datetime

from pydantic import TypeAdapter

from callboard.cli.plain import one_line
from callboard.cli.program import program
from callboard.cli.streams import give, say
from callboard.cli.table import table
from callboard.cli.text import duration, money
from callboard.domain.run_row import RunRow
from callboard.usecases.verify_run import Verification

_row = TypeAdapter(RunRow)


def row_json(row: RunRow) -> dict[str, object]:
    """Return a run's projection as commands print it."""
    fields = _row.dump_python(row, mode="json", exclude={"bill"})
    total = row.bill.total_usd
    return {**fields, "cost_usd": None if total is None else float(total)}


def print_rows(rows: list[RunRow], stopped: frozenset[str], now: datetime) -> None:
    """Print runs as a table, and how to go on with those that have stopped."""
    header = ("RUN", "STATUS", "STARTED", "TIME", "COST", "WHAT")
    status = {row.run_id: "stopped" if row.run_id in stopped else row.status for row in rows}
    for line in table(header, [_cells(row, status[row.run_id], now) for row in rows]):
        give(line)
    if stopped:
        say(f"No process drives what has stopped. Go on with one: {program()} runs resume RUN")


def _cells(row: RunRow, status: str, now: datetime) -> tuple[str, ...]:
    started = row.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    end = row.ended_at or (now if status == "running" else row.updated_at)
    took = duration(end - row.created_at)
    return row.run_id, status, started, took, money(row.bill), one_line(row.title, 40)


def verification_json(found: Verification) -> dict[str, object]:
    """Return what came of checking a run's log as commands print it."""
    return {
        "run_id": found.run_id,
        "ok": not found.problems,
        "runs": found.runs,
        "events": found.events,
        "head": found.head_hash,
        "problems": list(found.problems),
    }

"""`callboard runs diff` and `runs show --at`: runs side by side, and runs as they were."""

from collections.abc import Iterator

from callboard.cli.plain import one_line, plain
from callboard.cli.process import DONE
from callboard.cli.streams import give, give_json
from callboard.cli.table import table
from callboard.cli.text import duration, money
from callboard.domain.org.principal import Principal
from callboard.domain.run_row import RunRow
from callboard.usecases.app import App
from callboard.usecases.compare import Comparison, Side, compare_runs
from callboard.usecases.moment import Moment, moment_of


async def show_at(app: App, who: Principal, run_id: str, seq: int, *, as_json: bool) -> int:
    """Print a run as it was after an event."""
    found = await moment_of(app, who, run_id, seq)
    if as_json:
        give_json(_moment_json(found))
    else:
        for line in _moment_lines(found):
            give(plain(line))
    return DONE


def _moment_lines(found: Moment) -> Iterator[str]:
    yield f"{found.run_id} after event {found.seq} of {found.events} ({found.event})"
    yield f"  {'status':<10} {found.status}, turn {found.turn}, {money(found.bill)}"
    yield f"  {'next':<10} {found.next_step}"
    if found.open_calls:
        yield f"  {'open':<10} {', '.join(found.open_calls)}"
    if found.gate is not None:
        yield f"  {'waits for':<10} {one_line(found.gate.question, 120)}"
    for change in found.changes:
        yield f"  {change.status:<10} {change.path}"
    for message in found.messages:
        text = one_line(message.text, 100) or ", ".join(part.tool for part in message.tool_calls)
        yield f"  {message.role:<10} {text or '(results)'}"


def _moment_json(found: Moment) -> dict[str, object]:
    total = found.bill.total_usd
    return {
        "run_id": found.run_id,
        "seq": found.seq,
        "events": found.events,
        "at": found.at.isoformat(),
        "event": found.event,
        "status": found.status,
        "turn": found.turn,
        "cost_usd": None if total is None else float(total),
        "usage": found.usage.model_dump(),
        "messages": [message.model_dump(mode="json") for message in found.messages],
        "open_calls": list(found.open_calls),
        "gate": None
        if found.gate is None
        else found.gate.model_dump(mode="json", exclude={"v", "type"}),
        "files": [change.model_dump(mode="json") for change in found.changes],
        "tree": found.tree,
        "next": found.next_step,
    }


async def show_difference(app: App, who: Principal, left: str, right: str, *, as_json: bool) -> int:
    """Print two runs side by side."""
    found = await compare_runs(app, who, left, right)
    if as_json:
        give_json(_comparison_json(found))
    else:
        for line in _comparison_lines(found):
            give(line)
    return DONE


def _comparison_lines(found: Comparison) -> Iterator[str]:
    left, right = _facts(found.left), _facts(found.right)
    rows = [(name, left[name], right[name]) for name in left]
    yield from table(("", "LEFT", "RIGHT"), rows)
    yield ""
    yield found.agreed
    for line in found.lines:
        yield plain(line)
    if found.files:
        yield ""
        yield f"Files that came out differently: {plain(', '.join(found.files))}"


def _facts(side: Side) -> dict[str, str]:
    row = side.row
    return {
        "run": row.run_id,
        "status": row.status,
        "model": row.model or "-",
        "turns": str(row.turns),
        "tool calls": str(row.tool_calls),
        "events": str(side.events),
        "cost": money(row.bill),
        "time": duration(row.updated_at - row.created_at),
        "files": str(len(side.files)),
    }


def _comparison_json(found: Comparison) -> dict[str, object]:
    return {
        "left": _side_json(found.left),
        "right": _side_json(found.right),
        "common_events": found.common,
        "events": list(found.lines),
        "files": [
            {
                "path": path,
                "left": found.left.files.get(path),
                "right": found.right.files.get(path),
            }
            for path in found.files
        ],
    }


def _side_json(side: Side) -> dict[str, object]:
    row: RunRow = side.row
    total = row.bill.total_usd
    return {
        "run_id": row.run_id,
        "status": row.status,
        "model": row.model,
        "turns": row.turns,
        "tool_calls": row.tool_calls,
        "events": side.events,
        "kinds": dict(side.kinds),
        "usage": row.usage.model_dump(),
        "cost_usd": None if total is None else float(total),
        "seconds": (row.updated_at - row.created_at).total_seconds(),
        "files": sorted(side.files),
    }

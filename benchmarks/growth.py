"""What a long run costs: turn 1,000 against turn 10, bytes a turn, and folding a log."""

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.loopback import server
from benchmarks.turns import durable_app, durable_runs
from callboard.domain.events.codec import Recorded, Sealed, unseal
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.run.fold import fold
from callboard.runtime.system import relax_collector

TURNS = 1_010


async def _long_run(url: str, home: Path) -> tuple[list[Sealed], list[tuple[int, float]]]:
    """Run one agent for a thousand turns; return its log, and the CPU clock at each answer."""
    app = await durable_app(url, home)
    clock: list[tuple[int, float]] = []

    def note(recorded: Recorded, sealed: Sealed) -> None:
        del sealed
        if isinstance(recorded.event, ModelCallCompleted):
            clock.append((recorded.event.turn, time.process_time()))

    relax_collector()
    with app.ports.live.watching(note):
        await durable_runs(app, 1, "long")
    log = await app.ports.store.read("long-0")
    await app.close()
    return log, clock


def _per_turn(clock: list[tuple[int, float]], first: int, last: int) -> float:
    """Return the CPU ms a turn from one turn to another."""
    times = dict(clock)
    return (times[last] - times[first]) / (last - first) * 1000


def _bytes_of_turns(log: list[Sealed], first: int, last: int) -> float:
    """Return the bytes of events that were stored per turn from one turn to another."""
    ends = [
        position
        for position, entry in enumerate(log)
        if b'"type":"model_call.completed"' in entry.body
    ]
    part = log[ends[first] : ends[last]]
    return sum(len(entry.body) for entry in part) / (last - first)


def main() -> list[dict[str, object]]:
    """Measure one run of a thousand turns, then fold prefixes of its log."""
    with server(TURNS) as url, tempfile.TemporaryDirectory() as home:
        log, clock = asyncio.run(_long_run(url, Path(home)))
    early, late = _per_turn(clock, 5, 45), _per_turn(clock, 965, 1_005)
    rows: list[dict[str, object]] = [
        {"what": "CPU ms a turn, turns 5 to 45", "value": round(early, 3), "target": ""},
        {"what": "CPU ms a turn, turns 965 to 1,005", "value": round(late, 3), "target": ""},
        {"what": "ratio", "value": round(late / early, 2), "target": "≤ 2"},
        {
            "what": "bytes of events a turn, turns 10 to 20",
            "value": round(_bytes_of_turns(log, 10, 20)),
            "target": "",
        },
        {
            "what": "bytes of events a turn, turns 990 to 1,000",
            "value": round(_bytes_of_turns(log, 990, 1_000)),
            "target": "the same",
        },
    ]
    prefix = log[:1_000]
    times: list[float] = []
    for _ in range(7):
        began = time.perf_counter()
        fold(unseal(entry) for entry in prefix)
        times.append((time.perf_counter() - began) * 1000)
    rows.append(
        {
            "what": "ms to parse and fold 1,000 events",
            "value": round(sorted(times)[3], 1),
            "target": "≤ 30",
        }
    )
    return rows

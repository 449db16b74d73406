"""What a long run costs: turn 1,000 against turn 10, bytes a turn, and folding a log."""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.loopback import server
from benchmarks.turns import durable_app, durable_runs
from callboard.domain.events.codec import Recorded, Sealed, unseal
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.run.fold import fold
from callboard.runtime.system import relax_collector

TURNS, RUNS = 1_010, 5


Clock = dict[int, float]


async def _long_runs(url: str, home: Path) -> tuple[list[Sealed], list[Clock]]:
    """Run one agent for a thousand turns, again and again; return a log, and of each run the CPU clock at each answer."""
    app = await durable_app(url, home)
    clocks: list[Clock] = []

    def note(recorded: Recorded, sealed: Sealed) -> None:
        del sealed
        if isinstance(recorded.event, ModelCallCompleted):
            clocks[-1][recorded.event.turn] = time.process_time()

    relax_collector()
    with app.ports.live.watching(note):
        for number in range(RUNS):
            clocks.append({})
            await durable_runs(app, 1, f"long{number}")
    log = await app.ports.store.read("long0-0")
    await app.close()
    return log, clocks


def _per_turn(clock: Clock, first: int, last: int) -> float:
    """Return the CPU ms a turn from one turn to another."""
    return (clock[last] - clock[first]) / (last - first) * 1000


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
    """Measure runs of a thousand turns (medians; the first is to warm up), then fold prefixes of a log."""
    with server(TURNS) as url, tempfile.TemporaryDirectory() as home:
        log, clocks = asyncio.run(_long_runs(url, Path(home)))
    pairs = [(_per_turn(one, 5, 45), _per_turn(one, 965, 1_005)) for one in clocks[1:]]
    early, late = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(last / first for first, last in pairs)
    rows: list[dict[str, object]] = [
        {"what": "CPU ms a turn, turns 5 to 45", "value": round(early, 3), "target": ""},
        {"what": "CPU ms a turn, turns 965 to 1,005", "value": round(late, 3), "target": ""},
        {"what": "ratio", "value": round(ratio, 2), "target": "≤ 2"},
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

"""A hundred thousand runs and ten million events a day, simulated: the real `decide` and fold, a modelled store.

Time is virtual. Runs wait for people and wake by chance; each wake-up goes through some turns, whose commands come from
`decide` and whose events are folded. Models and tools take times drawn from distributions; workers take the measured
processor time, one core each; the store commits one group at a time, of everything that one worker has to say, and
takes the measured time, with the measured tail. What comes out is how busy each part is, and what a commit is waited for.
"""

import asyncio
import heapq
import random
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.scale_figures import Figures, measured
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.codec import Recorded
from callboard.domain.run.fold import AGENT
from callboard.domain.run.state import RunState
from callboard.engine.commands import Append, CallModel, Rest, RunTools
from callboard.engine.decide import decide

DAY_S: Final = 86_400.0
EVENTS_A_DAY: Final = 10_000_000
RUNS: Final = 100_000
_WARM_S, _SIMULATED_S = 10.0, 20.0
_TURN_S: Final = 7.1
"""What a turn takes on average, with the times below."""
_BEGIN: Final = datetime(2026, 1, 1, tzinfo=timezone.utc)
_A_TURN: Final = 4
"""How many events a turn of one call has."""
_MODEL_S: Final = (1.4, 0.9)
"""Log-normal: a median of four seconds, one answer in twenty takes eighteen or more."""
_TOOL_S: Final = (-0.7, 1.2)
"""Log-normal: a median of half a second, one call in twenty takes three and a half or more."""


@dataclass(slots=True)
class World:
    """What is simulated, and what was seen."""

    figures: Figures
    workers: int
    chance: random.Random
    now: float = 0.0
    due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list[object])  # pyright: ignore[reportAssignmentType]
    busy_until: list[float] = field(default_factory=list[float])
    waiting: list[deque[tuple[float, Callable[[], None]]]] = field(default_factory=list[object])  # pyright: ignore[reportAssignmentType]
    committing: bool = False
    turn_of: int = 0
    committed_ms: float = 0.0
    worked_ms: float = 0.0
    groups: list[int] = field(default_factory=list[int])
    waits_ms: list[float] = field(default_factory=list[float])
    events: int = 0
    turns: int = 0
    active: int = 0
    numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.busy_until = [0.0] * self.workers
        self.waiting = [deque() for _ in range(self.workers)]

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        """Have something happen later."""
        heapq.heappush(self.due, (self.now + seconds, next(self.numbers), then))

    def work(self, worker: int, ms: float, then: Callable[[], None]) -> None:
        """Take a worker's one core for a while, behind whatever it does already."""
        begins = max(self.now, self.busy_until[worker])
        self.busy_until[worker] = begins + ms / 1000
        self.worked_ms += ms
        self.after(self.busy_until[worker] - self.now, then)

    def commit(self, worker: int, then: Callable[[], None]) -> None:
        """Store a batch of a worker; what it has to say together is one group."""
        self.waiting[worker].append((self.now, then))
        if not self.committing:
            self._next_group()

    def _next_group(self) -> None:
        for offset in range(1, self.workers + 1):
            worker = (self.turn_of + offset) % self.workers
            if self.waiting[worker]:
                break
        else:
            self.committing = False
            return
        group, self.waiting[worker] = list(self.waiting[worker]), deque()
        self.turn_of, self.committing = worker, True
        took = self.figures.commit_ms * self.chance.choice(self.figures.tail)
        took += self.figures.batch_ms * len(group)
        self.committed_ms += took
        self.groups.append(len(group))
        self.after(took / 1000, lambda: self._done(group))

    def _done(self, group: list[tuple[float, Callable[[], None]]]) -> None:
        for asked, then in group:
            self.waits_ms.append((self.now - asked) * 1000)
            then()
        self._next_group()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        while self.due and self.due[0][0] <= seconds:
            self.now, _, then = heapq.heappop(self.due)
            then()
        self.now = seconds


class Drive:
    """One run that was woken, driven as the runtime does: decide, do, fold, store."""

    def __init__(self, world: World, worker: int, begun: float = 0.0) -> None:
        self.world, self.worker = world, worker
        self._log = world.figures.log
        self._state: RunState = AGENT.begin(self._log[0])
        self._at = 1
        world.active += 1
        done = round(begun * (len(self._log) - 1) / _A_TURN) * _A_TURN
        self._take(min(done, len(self._log) - 1 - _A_TURN))

    def step(self) -> None:
        """Do what comes next."""
        match decide(self._state):
            case CallModel():
                self._effect(_MODEL_S)
                self.world.turns += 1
            case RunTools():
                self._effect(_TOOL_S)
            case Append(events=events):
                self._take(len(events))
                self._store(self.step)
            case Rest():
                self.world.active -= 1
            case other:
                raise AssertionError(f"not in the log that is driven: {other}")

    def _effect(self, takes: tuple[float, float]) -> None:
        """Begin without waiting for the beginning, as what is safe to repeat does; wait for the end."""
        self._take(1)
        self.world.after(self.world.chance.lognormvariate(*takes), self._ended)

    def _ended(self) -> None:
        self._take(1)
        cost = self.world.figures.worker_ms / 2  # a turn ends a model call and a tool call
        self.world.work(self.worker, cost, lambda: self._store(self.step))

    def _take(self, events: int) -> None:
        for _ in range(events):
            if self._at < len(self._log):
                entry = self._log[self._at]
                at = _BEGIN + timedelta(seconds=self.world.now)
                self._state = AGENT.evolve(
                    self._state, Recorded(entry.run_id, entry.seq, at, entry.event)
                )
                self._at += 1
                self.world.events += 1

    def _store(self, then: Callable[[], None]) -> None:
        self.world.commit(self.worker, then)


def simulate(figures: Figures, events_a_second: float, workers: int, seed: int = 1) -> World:
    """Return what was seen in some seconds of virtual time, beginning with as many runs under way as there are then."""
    world = World(figures, workers, random.Random(seed))
    wakes = events_a_second / (len(figures.log) - 1)
    under_way = round(events_a_second / _A_TURN * _TURN_S)

    def wake() -> None:
        Drive(world, world.chance.randrange(workers)).step()
        world.after(world.chance.expovariate(wakes), wake)

    for _ in range(under_way):
        drive = Drive(world, world.chance.randrange(workers), world.chance.random())
        world.after(world.chance.random() * _TURN_S, drive.step)
    wake()
    world.run(_WARM_S)
    world.committed_ms = world.worked_ms = 0.0
    world.events = world.turns = 0
    world.groups, world.waits_ms = [], []
    world.run(_WARM_S + _SIMULATED_S)
    return world


def _row(figures: Figures, name: str, rate: float, workers: int) -> dict[str, object]:
    world = simulate(figures, rate, workers)
    waits = sorted(world.waits_ms) or [0.0]
    return {
        "load": name,
        "events/s": round(world.events / _SIMULATED_S),
        "workers": workers,
        "turns in flight": world.active,
        "store busy %": round(world.committed_ms / _SIMULATED_S / 10, 1),
        "workers busy %": round(world.worked_ms / _SIMULATED_S / 10 / workers, 1),
        "batches a commit": round(sum(world.groups) / max(len(world.groups), 1), 1),
        "commit p50 ms": round(waits[len(waits) // 2], 1),
        "commit p99 ms": round(waits[int(len(waits) * 0.99)], 1),
        "WAL MB/s": round(world.turns / _SIMULATED_S * figures.wal_bytes / 1e6, 2),
        "GB of tables a day": round(rate * DAY_S / figures.events * figures.table_bytes / 1e9, 1),
    }


def _basis(figures: Figures) -> dict[str, object]:
    return {
        "load": "measured, per turn",
        "events/s": f"{figures.events:g} events, {figures.body_bytes:.0f} B of bodies",
        "WAL MB/s": f"{figures.wal_bytes / 1000:.1f} KB of WAL",
        "GB of tables a day": f"{figures.table_bytes / 1000:.1f} KB of tables",
        "workers busy %": f"{figures.worker_ms:.2f} ms of CPU",
        "store busy %": f"{figures.server_ms:.2f} ms in the server",
        "commit p50 ms": f"{figures.commit_ms:.2f} + {figures.batch_ms:.3f} a batch",
    }


def main() -> list[dict[str, object]]:
    """Measure, then simulate the day and what is beyond it."""
    with tempfile.TemporaryDirectory() as home:
        try:
            figures = asyncio.run(measured(Path(home)))
        except ConfigurationInvalid as problem:
            return [{"load": "no PostgreSQL", "failed": str(problem)}]
    mean = EVENTS_A_DAY / DAY_S
    loads = (
        ("10 M events a day, evenly", mean, 2),
        ("five times that: the busy hour", mean * 5, 2),
        ("the busy hour, 8 workers", mean * 5, 8),
        ("twenty times", mean * 20, 8),
        ("fifty times", mean * 50, 16),
        ("a hundred times", mean * 100, 32),
    )
    return [_basis(figures), *(_row(figures, *load) for load in loads)]

"""Durable effects a second: each a beginning and an end in the log, stored by the real stores with group commit."""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.codec import GENESIS, Recorded, Sealed, seal
from callboard.domain.events.tool_call import ToolCallCompleted, ToolCallStarted
from callboard.domain.events.union import AnyEvent
from callboard.domain.run_row import RunRow
from callboard.domain.thread_mark import mark_of
from callboard.domain.tool import json_outputs
from callboard.ports.event_store import Batch, EventStore
from callboard.runtime.system import relax_collector
from callboard.stores.postgres.store import PostgresEventStore
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.postgres import PostgresServer

RUNS, EFFECTS, ROUNDS = 200, 40, 5
NOW: Final = datetime(2026, 1, 1, tzinfo=timezone.utc)
OUTPUT: Final = json_outputs({"text": "x" * 150})


def _began(n: int) -> AnyEvent:
    return ToolCallStarted(turn=n, call_id=f"c{n}", tool="look", epoch=1)


def _ended(n: int) -> AnyEvent:
    return ToolCallCompleted(turn=n, call_id=f"c{n}", tool="look", output=OUTPUT, duration_ms=3)


@dataclass(slots=True)
class Log:
    """One run's end of its log."""

    store: EventStore
    row: RunRow
    epoch: int
    head: int
    hash: str

    async def append(self, *events: AnyEvent) -> None:
        """Store events and wait until they are durable."""
        recorded: list[Recorded] = []
        sealed: list[Sealed] = []
        expected = self.head
        for event in events:
            entry = Recorded(self.row.run_id, self.head + 1, NOW, event)
            stored, _ = seal(entry, self.hash)
            self.head, self.hash = stored.seq, stored.hash
            recorded.append(entry)
            sealed.append(stored)
        marks = tuple(map(mark_of, recorded))
        batch = Batch(self.row.run_id, self.epoch, expected, tuple(sealed), self.row, marks=marks)
        await self.store.append(batch)


async def log_of(store: EventStore, run_id: str) -> Log:
    row = RunRow(
        run_id=run_id,
        kind="agent",
        subject="bench",
        title="Bench",
        status="running",
        root_id=run_id,
        parent_id=None,
        model="bench",
        workspace="/bench",
        created_at=NOW,
        updated_at=NOW,
    )
    first, _ = seal(Recorded(run_id, 1, NOW, _began(0)), GENESIS)
    claim = await store.create([first], row)
    return Log(store, replace(row, turns=1), claim.epoch, 1, first.hash)


async def _each_waits(log: Log) -> None:
    """Begin, wait until that is durable, end, wait again: what an unsafe call does."""
    for n in range(EFFECTS):
        await log.append(_began(n))
        await log.append(_ended(n))


async def _ends_waits(log: Log) -> None:
    """Wait for the end of one together with the beginning of the next: what every other call does."""
    for n in range(EFFECTS):
        await log.append(_ended(n), _began(n + 1))


async def _measured(store: EventStore, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for how, work in (("unsafe: waits twice", _each_waits), ("waits once", _ends_waits)):
        for runs in (1, RUNS):
            rates: list[float] = []
            cpu: list[float] = []
            for round_ in range(ROUNDS):
                logs = [
                    await log_of(store, f"{work.__name__}-{runs}-{round_}-{n}") for n in range(runs)
                ]
                wall, busy = time.perf_counter(), time.process_time()
                await asyncio.gather(*map(work, logs))
                rates.append(runs * EFFECTS / (time.perf_counter() - wall))
                cpu.append((time.process_time() - busy) / (runs * EFFECTS))
            rows.append(
                {
                    "store": name,
                    "work": f"{runs} × {EFFECTS} effects, {how}",
                    "effects/s": round(statistics.median(rates)),
                    "best": round(max(rates)),
                    "CPU µs an effect": round(statistics.median(cpu) * 1e6),
                }
            )
    return rows


@asynccontextmanager
async def postgres_store(home: Path) -> AsyncGenerator[EventStore | None]:
    """Yield a store on a PostgreSQL server of its own; None where none can be started."""
    try:
        server = await asyncio.to_thread(PostgresServer.begin)
    except ConfigurationInvalid:
        yield None
        return
    try:
        store = await PostgresEventStore.open(server.new_database(), home)
        yield store
        await store.close()
    finally:
        await asyncio.to_thread(server.remove)


def _sync_ms(home: Path) -> float:
    times: list[float] = []
    with (home / "sync").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


async def _all(home: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    store = await SqliteEventStore.open(home / "callboard.db")
    rows += await _measured(store, "SQLite")
    await store.close()
    async with postgres_store(home / "postgres") as there:
        if there is None:
            rows.append({"store": "PostgreSQL", "work": "cannot be started here"})
        else:
            rows += await _measured(there, "PostgreSQL")
    sync = round(_sync_ms(home), 2)
    return [*rows, {"store": "the disk", "work": f"one fdatasync takes {sync} ms"}]


def main() -> list[dict[str, object]]:
    """Measure both stores."""
    relax_collector()
    with tempfile.TemporaryDirectory() as home:
        return asyncio.run(_all(Path(home)))

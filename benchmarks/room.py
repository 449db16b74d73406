"""Taking room under two limits and giving it back: alone, and beside twenty runs that write without a pause."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.effects import log_of
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.tool_call import ToolCallStarted
from callboard.engine.pacing import Ask, Limit
from callboard.stores.postgres.store import PostgresEventStore
from callboard.stores.relational.store import RelationalStore
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.postgres import PostgresServer

ROUNDS, WRITERS = 200, 20
ASKS: Final = (Ask("provider:p"), Ask("model:m", 50))


async def _measured(store: RelationalStore, name: str) -> dict[str, object]:
    taking: list[float] = []
    giving: list[float] = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        if await store.limiter.take(f"h{number}", ASKS) is not None:
            raise RuntimeError("there is room for fifty")
        taken = time.perf_counter()
        await store.limiter.give_back(f"h{number}")
        taking.append((taken - began) * 1e3)
        giving.append((time.perf_counter() - taken) * 1e3)
    return {
        "room": name,
        "take, ms (target 2)": round(statistics.median(taking), 2),
        "95 of 100, ms": round(sorted(taking)[int(ROUNDS * 0.95)], 2),
        "give back, ms": round(statistics.median(giving), 2),
        "give back, 95 of 100, ms": round(sorted(giving)[int(ROUNDS * 0.95)], 2),
    }


async def _write(store: RelationalStore, run_id: str) -> None:
    log, number = await log_of(store, run_id), 0
    while True:
        number += 1
        await log.append(ToolCallStarted(turn=number, call_id=f"c{number}", tool="look", epoch=1))


@asynccontextmanager
async def _writers(store: RelationalStore) -> AsyncGenerator[None]:
    writing = [asyncio.create_task(_write(store, f"r{number}")) for number in range(WRITERS)]
    yield
    for each in writing:
        each.cancel()
    await asyncio.gather(*writing, return_exceptions=True)


async def _both(store: RelationalStore, name: str) -> list[dict[str, object]]:
    await store.limiter.set_limit(Limit("provider:p", at_once=1_000))
    await _measured(store, "")  # the first ones prepare statements
    rows = [await _measured(store, f"{name}, alone")]
    async with _writers(store):
        rows.append(await _measured(store, f"{name}, beside {WRITERS} runs"))
    await store.close()
    return rows


async def _on_sqlite(place: Path) -> list[dict[str, object]]:
    return await _both(await SqliteEventStore.open(place / "callboard.db"), "SQLite")


async def _on_postgres(url: str, place: Path) -> list[dict[str, object]]:
    return await _both(await PostgresEventStore.open(url, place / "home"), "PostgreSQL")


def main() -> list[dict[str, object]]:
    """Measure on both databases."""
    with tempfile.TemporaryDirectory() as place:
        rows = asyncio.run(_on_sqlite(Path(place)))
        try:
            database = PostgresServer.begin()
        except ConfigurationInvalid:
            return rows
        try:
            return rows + asyncio.run(_on_postgres(database.new_database(), Path(place)))
        finally:
            database.remove()

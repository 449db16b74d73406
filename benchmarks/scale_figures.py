"""What a model of many machines stands on, measured on this one: rows, bytes, WAL, processor and commit times."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import psycopg

from benchmarks.effects import log_of
from benchmarks.loopback import server
from benchmarks.turns import durable_app, durable_runs
from callboard.domain.events.codec import Recorded, unseal
from callboard.domain.events.tool_call import ToolCallStarted
from callboard.runtime.system import relax_collector
from callboard.stores.postgres.store import PostgresEventStore
from callboard.testing.postgres import PostgresServer

RUNS, TURNS = 200, 10
_SIZES: Final = (1, 8, 32, 128, 400)
_TABLES: Final = ("run", "event", "mark", "anchor")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """Per turn, of a loop whose answers and results are some hundred bytes: `events` and the bytes of their bodies,
    bytes of tables with indexes (`run_bytes`: of the table of runs, per run), bytes of WAL, milliseconds of processor
    here and in the server. A commit takes `commit_ms`, and `batch_ms` more for each batch of its group (medians);
    `tail` is how long small commits took against their median, sorted. `log` is one run, for whoever drives others
    like it.
    """

    events: float
    body_bytes: float
    table_bytes: float
    run_bytes: float
    wal_bytes: float
    worker_ms: float
    server_ms: float
    commit_ms: float
    batch_ms: float
    tail: tuple[float, ...]
    log: tuple[Recorded, ...]


async def measured(home: Path) -> Figures:
    """Measure on a PostgreSQL of its own.

    Raises:
        ConfigurationInvalid: none can be started here.
    """
    database = await asyncio.to_thread(PostgresServer.begin)
    try:
        with server(TURNS) as url:
            return await _measured(database, url, home)
    finally:
        await asyncio.to_thread(database.remove)


async def _measured(database: PostgresServer, url: str, home: Path) -> Figures:
    where = database.new_database()
    store = await PostgresEventStore.open(where, home)
    app = await durable_app(url, home, store)
    relax_collector()
    await durable_runs(app, 20, "warm")
    with psycopg.connect(where, autocommit=True) as session:
        before, busy, mine = _stand(session), _server_ms(database), time.process_time()
        await durable_runs(app, RUNS, "r")
        mine = (time.process_time() - mine) * 1000
        after, busy = _stand(session), _server_ms(database) - busy
    log = tuple(unseal(entry) for entry in await store.read("r-0"))
    commit_ms, batch_ms, tail = await _commits(store)
    await app.close()
    total, grown = RUNS * TURNS, [new - old for new, old in zip(after, before, strict=True)]
    wal, events, bodies, runs, others = grown
    return Figures(
        events=events / total,
        body_bytes=bodies / total,
        table_bytes=others / total,
        run_bytes=runs / RUNS,
        wal_bytes=wal / total,
        worker_ms=mine / total,
        server_ms=busy / total,
        commit_ms=commit_ms,
        batch_ms=batch_ms,
        tail=tail,
        log=log,
    )


def _stand(session: psycopg.Connection) -> list[float]:
    """Return bytes of WAL, the number of events, the bytes of their bodies, of the table of runs, and of the others."""
    session.execute("CHECKPOINT")
    sizes = dict.fromkeys(_TABLES, 0)
    parts = session.execute(
        "SELECT coalesce(parent.relname, own.relname), sum(pg_total_relation_size(own.oid)) FROM pg_class own "
        "LEFT JOIN pg_inherits ON inhrelid = own.oid LEFT JOIN pg_class parent ON parent.oid = inhparent "
        "WHERE own.relkind = 'r' GROUP BY 1"
    )
    sizes |= {name: int(size) for name, size in parts if name in sizes}
    row = session.execute(
        "SELECT pg_current_wal_lsn() - '0/0', count(*), coalesce(sum(length(body)), 0) FROM event"
    ).fetchone()
    assert row is not None
    others = sum(size for name, size in sizes.items() if name != "run")
    return [float(row[0]), float(row[1]), float(row[2]), float(sizes["run"]), float(others)]


def _server_ms(database: PostgresServer) -> float:
    """Return the processor time of the server and its children, dead ones included."""
    own = (database.directory / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0]
    total = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if place.parent.name == own:
            total += sum(int(one) for one in fields[11:15])
        elif fields[1] == own:
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS * 1000


async def _commits(store: PostgresEventStore) -> tuple[float, float, tuple[float, ...]]:
    """Return what a commit takes, what each batch of it takes, and how much longer than the median commits take."""
    logs = [await log_of(store, f"commits-{n}") for n in range(max(_SIZES))]
    times: dict[int, list[float]] = {size: [] for size in _SIZES}
    event = ToolCallStarted(turn=1, call_id="c1", tool="look", epoch=1)
    for _ in range(25):
        for size in _SIZES:
            began = time.perf_counter()
            await asyncio.gather(*(log.append(event) for log in logs[:size]))
            times[size].append((time.perf_counter() - began) * 1000)
    small, large = median(times[_SIZES[0]]), median(times[_SIZES[-1]])
    batch_ms = max(large - 2 * small, 0.0) / _SIZES[-1]  # the first of them went alone
    return small, batch_ms, _tail(times[_SIZES[0]] + times[_SIZES[1]])


def _tail(times: Sequence[float]) -> tuple[float, ...]:
    middle = median(times)
    return tuple(sorted(one / middle for one in times))

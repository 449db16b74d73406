"""What people look at all day: a board of 1,000 tasks, a list of 2,000 runs, the performance of a month."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from callboard.domain.actor import Actor
from callboard.domain.attempt_row import AttemptRow
from callboard.domain.events.codec import GENESIS, Recorded, seal
from callboard.domain.events.workflow import CommentAdded
from callboard.domain.org.principal import as_owner
from callboard.domain.org.space import SPACES, Space
from callboard.domain.org.task import TASKS, TaskRecord
from callboard.domain.record import Change
from callboard.domain.run_row import RunRow
from callboard.domain.usage import Bill, Usage
from callboard.ports.event_store import Batch, RunsWanted
from callboard.runtime.system import relax_collector
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.usecases.board import TasksWanted, list_tasks
from callboard.usecases.home import look_home
from callboard.usecases.inbox import list_inbox
from callboard.usecases.performance import measure
from callboard.usecases.runs import list_runs
from callboard.usecases.search import search

ANN = as_owner(Actor(kind="person", name="ann"))
NOON = datetime(2026, 1, 1, tzinfo=timezone.utc)
TASK_COUNT, ROUNDS = 1_000, 40


def _row(number: int, run_id: str, step: str | None) -> RunRow:
    began = NOON - timedelta(minutes=number)
    return RunRow(
        run_id=run_id,
        kind="agent" if step else "workflow",
        subject="implementer" if step else "implement-review-deploy",
        title="Implementer",
        status="completed",
        root_id=run_id.partition(".")[0],
        parent_id=run_id.partition(".")[0] if step else None,
        model="vendor/model",
        workspace="/work",
        space="shop",
        task=f"SHOP-{number}",
        digest=f"{number % 3}" * 64,
        step=step,
        turns=12,
        tool_calls=30,
        usage=Usage(input_tokens=9_000, output_tokens=700),
        bill=Bill(known_usd=Decimal("0.1234")),
        created_at=began,
        updated_at=began,
        ended_at=began + timedelta(minutes=4),
    )


async def fill_board(store: SqliteEventStore, count: int = TASK_COUNT) -> None:
    """Write down a space `shop` with as many tasks, a third of them under way, each with a run and one below it."""
    actor = ANN.actor
    space = Space(id="shop", name="Shop", prefix="SHOP", created_at=NOON)
    tasks = [
        TaskRecord(
            key=f"SHOP-{number}",
            space="shop",
            title=f"Task {number} of the board",
            brief="What is to be achieved, in a few sentences. " * 4,
            labels=("backend", "bug"),
            workflow="implement-review-deploy",
            repository="/srv/shop",
            state="done" if number % 3 else "under_way",
            runs=(f"SHOP-{number}-1",),
            depends_on=(f"SHOP-{number - 1}",) if number % 10 == 0 else (),
            created_by=actor,
            created_at=NOON,
            ended_at=NOON if number % 3 else None,
        )
        for number in range(1, count + 1)
    ]
    await store.records.commit(Change(actor, "space.create", NOON, (SPACES.put(space),)))
    writes = tuple(TASKS.put(task) for task in tasks)
    await store.records.commit(Change(actor, "task.manage", NOON, writes))
    for number in range(1, count + 1):
        for step in (None, "implement"):
            await _run(store, number, step)


async def _run(store: SqliteEventStore, number: int, step: str | None) -> None:
    run_id = f"SHOP-{number}-1" + (f".{step}-1" if step else "")
    event = CommentAdded(actor=ANN.actor, text="x")
    first, _ = seal(Recorded(run_id, 1, NOON, event), GENESIS)
    row = _row(number, run_id, step)
    claim = await store.create([first], row)
    if step is None:
        second, _ = seal(Recorded(run_id, 2, NOON, event), first.hash)
        settled = AttemptRow(f"{run_id}.implement-1", judge=False, outcome="passed")
        if number % 7 == 0:
            settled = replace(settled, sent_back_by="review")
        await store.append(Batch(run_id, claim.epoch, 1, (second,), row, (), (settled,)))
    await store.release(claim)


async def _milliseconds(look: Callable[[], Awaitable[object]]) -> list[float]:
    await look()
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await look()
        times.append((time.perf_counter() - began) * 1e3)
    return sorted(times)


async def _measured(place: Path) -> list[dict[str, object]]:
    store = await SqliteEventStore.open(place / "callboard.db")
    try:
        await fill_board(store)
        app = rig(ScriptedProvider({}), store=store, records=store.records)
        cases: tuple[tuple[str, Callable[[], Awaitable[object]]], ...] = (
            ("board of 1,000 tasks", lambda: list_tasks(app, ANN, TasksWanted(limit=TASK_COUNT))),
            (
                "list of 2,000 runs",
                lambda: list_runs(app, ANN, RunsWanted(root_only=False, limit=2_000)),
            ),
            ("performance by version and step", lambda: measure(app, ANN, ("version", "step"))),
            ("inbox beside 1,000 tasks", lambda: list_inbox(app, ANN)),
            ("home of 1,000 tasks", lambda: look_home(app, ANN)),
            ("search over 1,000 tasks", lambda: search(app, ANN, "borad tsak 77")),
        )
        rows: list[dict[str, object]] = []
        for name, look in cases:
            times = await _milliseconds(look)
            p95 = times[int(0.95 * len(times))]
            median = statistics.median(times)
            rows.append(
                {"view": name, "median ms": round(median, 1), "p95 ms (target ≤ 50)": round(p95, 1)}
            )
        return rows
    finally:
        await store.close()


def main() -> list[dict[str, object]]:
    """Fill a database and look at it again and again."""
    relax_collector()  # as the product does when it starts
    with tempfile.TemporaryDirectory() as place:
        return asyncio.run(_measured(Path(place)))

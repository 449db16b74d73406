"""Workers as processes over one database, whose models and tools keep ledgers that outlive them.

`python -m benchmarks.staff PLAN` is such a worker, until it is told to end. Whoever sets the tasks and compares the books is
another process, with an `office` of its own over the same plan.
"""

import asyncio
import contextlib
import json
import logging
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.soak import AGENT, COST, LedgerFileTools, answer_in, turn_of, write_line
from callboard.domain.actor import Actor
from callboard.domain.errors import StoreUnavailable
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.tool_call import ToolCallInterrupted
from callboard.domain.org.principal import as_owner
from callboard.domain.org.task import ENDED, TASKS
from callboard.domain.usage import usd
from callboard.domain.workflow import WorkflowDefinition
from callboard.ports.clock import Clock
from callboard.ports.dispatcher import Dispatcher
from callboard.ports.event_store import RunsWanted
from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta
from callboard.runtime.reading import load
from callboard.runtime.system import SystemClock
from callboard.stores.dispatch.embedded import EmbeddedDispatcher
from callboard.stores.postgres.store import PostgresEventStore
from callboard.stores.relational.store import RelationalStore
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.rig import FixedRegistry, rig
from callboard.usecases.app import App
from callboard.usecases.queueing import queue_task
from callboard.usecases.spaces import NewSpace, change_space, create_space
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.verify_run import verify_run
from callboard.usecases.worker import Worker
from callboard.usecases.workflows import apply_workflow

ROOT = as_owner(Actor(kind="person", name="root"))
_PLACE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker works on. `url` is a PostgreSQL database; without one it is a file in `home`. Processes of the same
    `home` know of each other's deaths at once, others when a lease of `lease_s` seconds has run out. `skew_s` is how
    far a process's clock goes wrong; `hints` whether whoever sets tasks hints at them.
    """

    home: str
    url: str | None = None
    dispatcher: str = "embedded"
    lease_s: float = 1.0
    turns: int = 4
    thinks_s: float = 0.005
    at_once: int = 8
    every_s: float = 0.2
    sweep_s: float = 1.0
    skew_s: float = 0.0

    @property
    def ledger(self) -> Path:
        """Where every call of a model or a tool is written down, a line each."""
        return Path(self.home).parent / "ledger"


class _SkewedClock(SystemClock):
    """The clock of a machine that is wrong."""

    def __init__(self, skew_s: float) -> None:
        self._skew = timedelta(seconds=skew_s)

    def now(self) -> datetime:
        """Return the wrong time."""
        return super().now() + self._skew


@dataclass(frozen=True, slots=True)
class LedgerModel:
    """A model whose answer depends on nothing but the number of its answers so far."""

    plan: Plan

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        """Write the call down, think, and answer."""
        del on_delta
        turn = turn_of(request)
        write_line(self.plan.ledger, f"model {request.conversation} {turn}")
        await asyncio.sleep(self.plan.thinks_s)
        return answer_in(turn, self.plan.turns)

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        """Return what a call costs."""
        del model, input_tokens, output_tokens
        return COST


FLOW = WorkflowDefinition.model_validate(
    {
        "id": "flow",
        "title": "Flow",
        "steps": [{"kind": "agent", "id": "make", "title": "Make", "agent": "worker"}],
    }
)
SIGNED = WorkflowDefinition.model_validate(
    {
        "id": "signed",
        "title": "Signed",
        "steps": [
            {"kind": "agent", "id": "make", "title": "Make", "agent": "worker"},
            {"kind": "people", "id": "sign", "title": "Sign"},
        ],
    }
)


async def open_store(plan: Plan) -> RelationalStore:
    """Open the plan's database."""
    home = Path(plan.home)
    await asyncio.to_thread(home.mkdir, parents=True, exist_ok=True)
    if plan.url is None:
        return await SqliteEventStore.open(home / "callboard.db")
    return await PostgresEventStore.open(plan.url, home, lease_s=plan.lease_s)


def dispatcher_of(plan: Plan, clock: Clock) -> Dispatcher:
    """Return what hands out the plan's work."""
    if plan.url is not None and plan.dispatcher == "procrastinate":
        from callboard.stores.dispatch.procrastinate import (  # noqa: PLC0415 - not everybody's
            ProcrastinateDispatcher,
        )

        return ProcrastinateDispatcher(plan.url, clock)
    if plan.url is not None and plan.dispatcher == "dbos":
        from callboard.stores.dispatch.dbos import DbosDispatcher  # noqa: PLC0415 - an extra

        return DbosDispatcher(plan.url, clock)
    return EmbeddedDispatcher(clock)


@asynccontextmanager
async def office(plan: Plan) -> AsyncGenerator[App]:
    """Give an app over the plan's database, as a process of its own would have it."""
    store, clock = await open_store(plan), _SkewedClock(plan.skew_s)
    app = rig(
        LedgerModel(plan),
        registry=FixedRegistry({"worker": AGENT}),
        store=store,
        clock=clock,
        tools=LedgerFileTools(plan.ledger),
        budgets=store.budgets,
        limiter=store.limiter,
        records=store.records,
        dispatcher=dispatcher_of(plan, clock),
    )
    try:
        yield app
    finally:
        await app.close()


async def found(app: App, workflow: WorkflowDefinition = FLOW) -> None:
    """Make the space that tasks are set in."""
    await create_space(app, ROOT, NewSpace("shop", "Shop", "SHOP", "", "/repository", workflow.id))
    await change_space(app, ROOT, "shop", at_once=1_000)
    await apply_workflow(app, ROOT, workflow)
    await app.ports.budgets.set_limit("organisation", usd(10_000))


async def set_tasks(app: App, count: int) -> list[str]:
    """Create tasks and start them; return their keys."""
    keys = [(await create_task(app, ROOT, "shop", NewTask(f"Task {n}"))).key for n in range(count)]
    for key in keys:
        await queue_task(app, ROOT, key)
    return keys


def hire(plan: Plan) -> "subprocess.Popen[str]":
    """Start a worker, and come back when it is at work."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.staff", json.dumps(asdict(plan))],
        stdout=subprocess.PIPE,
        text=True,
        cwd=_PLACE,
    )
    assert worker.stdout is not None
    if not worker.stdout.readline():
        raise RuntimeError(f"a worker ended with {worker.wait()} before it was at work")
    return worker


def dismiss(worker: "subprocess.Popen[str]", *, at_once: bool = False) -> int:
    """End a worker, in order or at once; return its exit code."""
    if worker.poll() is None:
        worker.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
    code = worker.wait()
    if worker.stdout is not None:
        worker.stdout.close()
    return code


async def settled(app: App, keys: list[str], *, every_s: float = 0.05) -> None:
    """Wait until tasks have ended."""
    left = set(keys)
    while left:
        with contextlib.suppress(StoreUnavailable):  # it may be crashed on purpose
            for key in sorted(left):
                kept = await app.records.get(TASKS, key)
                if kept is not None and kept.value.state in ENDED:
                    left.discard(key)
        if left:
            await asyncio.sleep(every_s)


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledgers say. `problems` is empty where they agree; `lost` are answers that nobody could record."""

    runs: int
    events: int
    resumed: int
    interrupted: int
    calls: int
    lost: int
    problems: tuple[str, ...]


async def books(app: App, plan: Plan) -> Books:
    """Compare what models and tools were asked with what was recorded and paid."""
    lines = plan.ledger.read_text().splitlines() if plan.ledger.exists() else []
    ledger = Counter(lines)
    problems: list[str] = []
    events = resumed = interrupted = calls = 0
    rows = await app.ports.store.rows(RunsWanted(root_only=False, limit=100_000))
    for row in rows:
        entries = await load(app.ports.store, row.run_id)
        events += len(entries)
        resumed += sum(entry.event.type == "run.resumed" for entry in entries)
        if row.parent_id is None:
            problems += (await verify_run(app, ROOT, row.run_id)).problems
        if row.kind == "workflow":
            continue
        lost = [e.event for e in entries if isinstance(e.event, ToolCallInterrupted)]
        interrupted += len(lost)
        turns = [e.event.turn for e in entries if isinstance(e.event, ModelCallCompleted)]
        calls += len(turns)
        expected = list(range(1, plan.turns + 2))
        if turns != expected[: len(turns)] or (row.status == "completed" and turns != expected):
            problems.append(f"{row.run_id} has answers {turns}")
        problems += _effects(row.run_id, turns, ledger, {event.call_id for event in lost})
    asked = sum(times for line, times in ledger.items() if line.startswith("model "))
    problems += await _money(app, calls)
    return Books(len(rows), events, resumed, interrupted, calls, asked - calls, tuple(problems))


def _effects(run_id: str, turns: list[int], ledger: "Counter[str]", unknown: set[str]) -> list[str]:
    problems: list[str] = []
    for turn in turns:
        if not ledger[f"model {run_id} {turn}"]:
            problems.append(f"{run_id}: nobody asked for answer {turn}")
        times = ledger[f"once {run_id} {turn}"]
        done = turn in turns[:-1]
        if turn % 3 == 0 and (times > 1 or (done and not times and f"c{turn}" not in unknown)):
            problems.append(f"{run_id}: the call of turn {turn} was made {times} times")
    return problems


async def _money(app: App, calls: int) -> list[str]:
    """Compare the rows of runs and the accounts with the answers that were recorded."""
    rows = await app.ports.store.rows(RunsWanted(root_only=False, limit=100_000))
    by_row = sum((row.bill.known_usd for row in rows if row.kind == "agent"), Decimal(0))
    problems = [] if by_row == COST * calls else [f"runs come to {by_row} for {calls} answers"]
    (account,) = await app.ports.budgets.standings()
    if account.spent_usd + account.reserved_usd < by_row:
        problems.append(f"the account has {account.spent_usd} for calls of {by_row}")
    return problems


async def _work(plan: Plan) -> None:
    """Work until told to end."""
    logging.basicConfig(level=logging.WARNING)
    async with office(plan) as app:
        end = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
        worker = Worker(
            app, at_once=plan.at_once, every_s=plan.every_s, sweep_s=plan.sweep_s, patience_s=0.2
        )
        await worker.start()
        sys.stdout.write("at work\n")
        sys.stdout.flush()
        await end.wait()
        await worker.stop()


if __name__ == "__main__":
    asyncio.run(_work(Plan(**json.loads(sys.argv[1]))))

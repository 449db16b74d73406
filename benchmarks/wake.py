"""From a decision in one process to the run going on in another, hop by hop: medians and the slowest twentieth.

`python -m benchmarks.wake PLAN` is the worker, which says of each run when it was told of it, had claimed it and went on.
"""

import asyncio
import importlib.util
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from benchmarks.staff import ROOT, SIGNED, Plan, found, office, set_tasks
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.codec import Recorded, Sealed
from callboard.domain.events.run import RunResumed
from callboard.domain.submission import Submission
from callboard.ports.dispatcher import Advance, Dispatcher, Look
from callboard.ports.event_store import Claim
from callboard.runtime.driver import Driver
from callboard.testing.postgres import PostgresServer
from callboard.usecases.app import App
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.worker import Worker

DECISIONS: Final = 25
_SETTLES_S: Final = 1.0
"""How long a run has waited, at least, before it is decided about: nobody decides within a moment."""

_HOPS: Final = (
    ("recorded", "began", "recorded"),
    ("hinted", "recorded", "hinted"),
    ("told", "recorded", "told"),
    ("claimed", "told", "claimed"),
    ("went on", "claimed", "went on"),
)
_TOLD: Final = ("told", "claimed")
Times = dict[str, float]


class _Timed:
    """A dispatcher that notes when it hints, and when it is told."""

    def __init__(self, inner: Dispatcher, times: dict[str, Times]) -> None:
        self._inner = inner
        self._times = times

    async def start(self, advance: Advance, look: Look, at_once: int) -> None:
        """Begin to dispatch."""

        async def told(run_id: str) -> None:
            self._times.setdefault(run_id, {})["told"] = time.time()
            await advance(run_id)

        await self._inner.start(told, look, at_once)

    async def submit(self, submission: Submission) -> None:
        """Hint, and note both ends of that."""
        times = self._times.setdefault(submission.run_id, {})
        times["recorded"] = time.time()
        await self._inner.submit(submission)
        times["hinted"] = time.time()

    async def knock(self) -> None:
        """Ask for a look."""
        await self._inner.knock()

    async def stop(self, grace_s: float) -> None:
        """Begin nothing more."""
        await self._inner.stop(grace_s)

    async def close(self) -> None:
        """Let go of everything."""
        await self._inner.close()


class _TimedStore:
    """A store that notes when a run was claimed."""

    def __init__(self, inner: Any, times: dict[str, Times]) -> None:
        self._inner = inner
        self._times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def claim(self, run_id: str, above: Claim | None = None) -> Claim:
        """Claim it, and note when."""
        claim = await self._inner.claim(run_id, above)
        self._times.setdefault(run_id, {})["claimed"] = time.time()
        return claim


def _timed(app: App, times: dict[str, Times]) -> App:
    ports = replace(app.ports, store=_TimedStore(app.ports.store, times))
    return replace(app, ports=ports, driver=Driver(ports), dispatcher=_Timed(app.dispatcher, times))


async def _work(plan: Plan) -> None:
    """Work until told to end, and tell of each run that goes on."""
    times: dict[str, Times] = {}

    def went_on(recorded: Recorded, sealed: Sealed) -> None:
        del sealed
        if isinstance(recorded.event, RunResumed):
            noted = {
                name: at for name, at in times.get(recorded.run_id, {}).items() if name in _TOLD
            }
            noted["went on"] = time.time()
            print(json.dumps({"run": recorded.run_id, **noted}), flush=True)

    async with office(plan) as plain:
        app, end = _timed(plain, times), asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
        worker = Worker(app, at_once=plan.at_once, every_s=plan.every_s)
        with app.ports.live.watching(went_on):
            await worker.start()
            print("{}", flush=True)
            await end.wait()
            await worker.stop()


async def _elsewhere(plan: Plan) -> list[Times]:
    """Decide here while a worker drives in another process."""
    argument = json.dumps(asdict(plan))
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.wake", argument, stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    lines = worker.stdout
    try:
        await lines.readline()
        times: dict[str, Times] = {}
        async with office(plan) as plain:
            app = replace(plain, dispatcher=_Timed(plain.dispatcher, times))
            await found(app, SIGNED)
            done = []
            for run_id in await _waiting(app):
                began = await _decide(app, run_id)
                while (told := json.loads(await lines.readline()))["run"] != run_id:
                    pass
                del told["run"]
                done.append(times[run_id] | told | {"began": began})
        return done
    finally:
        worker.terminate()
        await worker.wait()


async def _here(plan: Plan) -> list[Times]:
    """Decide in the process whose worker goes on."""
    times: dict[str, Times] = {}
    on = asyncio.Event()

    def went_on(recorded: Recorded, sealed: Sealed) -> None:
        del sealed
        if isinstance(recorded.event, RunResumed):
            times[recorded.run_id]["went on"] = time.time()
            on.set()

    async with office(plan) as plain:
        app = _timed(plain, times)
        await found(app, SIGNED)
        worker, done = Worker(app, at_once=plan.at_once), []
        await worker.start()
        with app.ports.live.watching(went_on):
            for run_id in await _waiting(app):
                on.clear()
                began = await _decide(app, run_id)
                await on.wait()
                done.append(times[run_id] | {"began": began})
        await worker.stop()
        return done


async def _waiting(app: App) -> list[str]:
    """Set tasks, and come back with their runs when all of them wait for a person."""
    left = [f"{key}-1" for key in await set_tasks(app, DECISIONS)]
    for run_id in left:
        while not await _waits(app, run_id):  # noqa: ASYNC110 - another process drives it
            await asyncio.sleep(0.02)
    return left


async def _waits(app: App, run_id: str) -> bool:
    row = await app.ports.store.row(run_id)
    return row is not None and row.status == "waiting"


async def _decide(app: App, run_id: str) -> float:
    """Approve, and return when that began."""
    await asyncio.sleep(_SETTLES_S)
    gate = await open_gate(app, ROOT, run_id)
    began = time.time()
    await record_decision(app, ROOT, run_id, Decision("approve"), digest=gate.gate.digest)
    return began


def _row(name: str, done: Sequence[Times]) -> dict[str, object]:
    row: dict[str, object] = {"from the decision to the run": name}
    for hop, since, until in _HOPS:
        spent = [times[until] - times[since] for times in done if until in times]
        row[f"{hop}, ms"] = round(statistics.median(spent) * 1000, 1) if spent else ""
    whole = sorted((times["went on"] - times["recorded"]) * 1000 for times in done)
    row["in all, ms (target < 20)"] = round(statistics.median(whole), 1)
    row["95 of 100, ms"] = round(whole[int(len(whole) * 0.95)], 1)
    return row


def _measured(database: PostgresServer | None) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as place:
        plan = Plan(home=f"{place}/sqlite/home", every_s=1.0)
        rows.append(_row("SQLite, the same process", asyncio.run(_here(plan))))
        plan = replace(plan, home=f"{place}/two/home")
        rows.append(_row("SQLite, another process", asyncio.run(_elsewhere(plan))))
        if database is None:
            return rows
        engines = ["embedded", "procrastinate"]
        if importlib.util.find_spec("dbos") is not None:
            engines.append("dbos")
        for engine in engines:
            url = database.new_database()
            home = f"{place}/{engine}/home"
            plan = replace(plan, home=home, url=url, dispatcher=engine, lease_s=30.0)
            done = asyncio.run(_elsewhere(plan))
            rows.append(_row(f"PostgreSQL, {engine}, another process", done))
    return rows


def main() -> list[dict[str, object]]:
    """Measure each way to hand out work."""
    try:
        database = PostgresServer.begin()
    except ConfigurationInvalid:
        return _measured(None)
    try:
        return _measured(database)
    finally:
        database.remove()


if __name__ == "__main__":
    asyncio.run(_work(Plan(**json.loads(sys.argv[1]))))

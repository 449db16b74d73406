"""Five hundred runs over three workers on PostgreSQL, while workers are killed and the database crashes, at moments that
nobody chose; then every ledger is compared.

`python -m benchmarks.chaos RUNS DISPATCHER` does it for so many runs, with work handed out in another way.
"""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from benchmarks.staff import Books, Plan, books, dismiss, found, hire, office, set_tasks, settled
from callboard.testing.postgres import PostgresServer

RUNS = 500
WORKERS = 3
_TURNS = 5
_THINKS_S = 0.05
_LEASE_S = 1.0
_KILL_EVERY_S = (0.5, 3.0)
_CRASH_ONE_IN = 6
_AWAY_S = (0.0, 1.5)
_BOUND_S = 1_800


@dataclass(slots=True)
class Disturbances:
    """What was done to the workers and their database."""

    kills: int = 0
    crashes: int = 0


class _Troupe:
    """The workers, each as on a machine of its own: when one dies, another one is hired."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        self._plan = plan
        self._homes: Iterator[Path] = (directory / f"machine{number}" for number in count())
        self._workers = [self._hired() for _ in range(WORKERS)]

    def kill(self, which: int) -> None:
        """Kill a worker, and hire another one in its place."""
        dismiss(self._workers[which], at_once=True)
        self._workers[which] = self._hired()

    def end(self) -> None:
        """Let all end in order."""
        for worker in self._workers:
            dismiss(worker)

    def _hired(self) -> "subprocess.Popen[str]":
        return hire(replace(self._plan, home=str(next(self._homes))))


async def _disturb(
    server: PostgresServer, troupe: _Troupe, chance: random.Random, enough: asyncio.Event
) -> Disturbances:
    """Kill and crash until it is enough; return what was done."""
    done = Disturbances()
    while not enough.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), chance.uniform(*_KILL_EVERY_S))
        if enough.is_set():
            return done
        if chance.randrange(_CRASH_ONE_IN):
            await asyncio.to_thread(troupe.kill, chance.randrange(WORKERS))
            done.kills += 1
        else:
            await asyncio.to_thread(server.crash)
            await asyncio.sleep(chance.uniform(*_AWAY_S))
            await asyncio.to_thread(server.start)
            done.crashes += 1
    return done


async def chaos(runs: int, dispatcher: str, seed: int) -> tuple[Books, Disturbances, float]:
    """Let all runs come to their ends in spite of everything; return the books, what was done, and the seconds."""
    server, enough = PostgresServer.begin(), asyncio.Event()
    try:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            plan = Plan(
                home=str(directory / "office"),
                url=server.url,
                dispatcher=dispatcher,
                lease_s=_LEASE_S,
                turns=_TURNS,
                thinks_s=_THINKS_S,
            )
            async with office(plan) as app:
                await found(app)
                keys = await set_tasks(app, runs)
                began = time.perf_counter()
                troupe = await asyncio.to_thread(_Troupe, plan, directory)
                chance = random.Random(seed)
                disturbing = asyncio.create_task(_disturb(server, troupe, chance, enough))
                try:
                    async with asyncio.timeout(_BOUND_S):
                        await settled(app, keys, every_s=0.5)
                    took_s = time.perf_counter() - began
                finally:
                    enough.set()
                    done = await disturbing
                    await asyncio.to_thread(troupe.end)
                return await books(app, plan), done, took_s
    finally:
        server.remove()


def main(runs: int = RUNS, dispatcher: str = "procrastinate") -> list[dict[str, object]]:
    """Disturb, and compare."""
    found_in_books, done, took_s = asyncio.run(chaos(runs, dispatcher, seed=runs))
    return [
        {
            "tasks": runs,
            "handed out by": dispatcher,
            "workers killed": done.kills,
            "crashes of the database": done.crashes,
            "events": found_in_books.events,
            "taken up again": found_in_books.resumed,
            "answers recorded": found_in_books.calls,
            "answers lost in kills": found_in_books.lost,
            "calls of unknown outcome": found_in_books.interrupted,
            "differences between ledgers": len(found_in_books.problems),
            "seconds": round(took_s),
            **({"first difference": found_in_books.problems[0]} if found_in_books.problems else {}),
        }
    ]


if __name__ == "__main__":
    match sys.argv[1:]:
        case [runs, dispatcher]:
            sys.stdout.write(json.dumps(main(int(runs), dispatcher)[0]) + "\n")
        case _:
            sys.exit("python -m benchmarks.chaos RUNS DISPATCHER")

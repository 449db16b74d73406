"""One process against two over one PostgreSQL, and against one over SQLite: the same runs, wall time and processor.

Two processes share caches, and often the halves of one core: what that alone costs is what a second bare loop costs, which
has nothing to do with a store.
"""

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.loopback import server
from benchmarks.peers.environments import OURS, Peer
from benchmarks.peers.process import PeerProcess, Told
from callboard.domain.errors import ConfigurationInvalid
from callboard.testing.postgres import PostgresServer

RUNS, TURNS, ROUNDS = 200, 10, 5
_SQLITE: Final = "one process, SQLite"
_ONE: Final = "one process, PostgreSQL"
_TWO: Final = "two processes, PostgreSQL"
_BARE: Final = "one process, bare loop"
_BOTH_BARE: Final = "two processes, bare loop"
_ALONE: Final = {_SQLITE: _ONE, _ONE: _ONE, _TWO: _ONE, _BARE: _BARE, _BOTH_BARE: _BARE}
"""What each is compared with."""


async def _together(processes: list[PeerProcess], number: int) -> Told:
    """Share the runs between processes; return how long all took and what they cost together."""
    share = RUNS // len(processes)
    for place, process in enumerate(processes):
        key = f"r{number}-{place}-{len(processes)}"
        process.tell("runs", key=key, runs=share, model=f"bench-{TURNS}", stream=True)
    told = await asyncio.gather(*(process.hear() for process in processes))
    return {
        "wall": max(one["wall"] for one in told),
        "cpu": sum(one["cpu"] for one in told),
    }


async def _measured(url: str, database: str, home: Path) -> list[dict[str, object]]:
    peer = Peer("Callboard, PostgreSQL", "", "callboard_.py", ("--postgres", database))
    sqlite = await PeerProcess.start(OURS, url, home / "sqlite")
    workers = [await PeerProcess.start(peer, url, home / str(number)) for number in (1, 2)]
    loop = Peer("bare loop", "", "bare_aiohttp.py")
    bare = [await PeerProcess.start(loop, url, home / f"bare-{number}") for number in (1, 2)]
    found: dict[str, list[Told]] = {}
    who_is = {
        _SQLITE: [sqlite],
        _ONE: workers[:1],
        _TWO: workers,
        _BARE: bare[:1],
        _BOTH_BARE: bare,
    }
    try:
        for number in range(-1, ROUNDS):  # the first is to warm up
            for name, who in who_is.items():
                told = await _together(who, number)
                if number >= 0:
                    found.setdefault(name, []).append(told)
    finally:
        for process in (sqlite, *workers, *bare):
            await process.kill()
    return [_row(name, found) for name in found]


def _row(name: str, found: dict[str, list[Told]]) -> dict[str, object]:
    theirs, alone = found[name], found[_ALONE[name]]
    total = RUNS * TURNS
    return {
        "who": name,
        "turns/s": round(total / statistics.median(one["wall"] for one in theirs)),
        "CPU ms a turn": round(statistics.median(one["cpu"] for one in theirs) / total * 1000, 3),
        "× the speed of one": _median_ratio(alone, theirs, "wall"),
        "× the CPU of one (target ≤ 1.1)": _median_ratio(theirs, alone, "cpu"),
    }


def _median_ratio(ones: list[Told], others: list[Told], field: str) -> float:
    pairs = zip(ones, others, strict=True)
    return round(statistics.median(one[field] / other[field] for one, other in pairs), 2)


def main() -> list[dict[str, object]]:
    """Measure them in turn."""
    try:
        database = PostgresServer.begin()
    except ConfigurationInvalid as problem:
        return [{"who": _ONE, "failed": str(problem)}]
    try:
        with server(TURNS) as url, tempfile.TemporaryDirectory() as home:
            return asyncio.run(_measured(url, database.new_database(), Path(home)))
    finally:
        database.remove()

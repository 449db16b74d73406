"""What is measured beside the peers: everybody in turn, several rounds, medians, all against one server."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from benchmarks.loopback import server
from benchmarks.peers.environments import AIOHTTP, OURS, PEERS, Peer
from benchmarks.peers.process import PeerFailed, PeerProcess, Told

Row = dict[str, object]
Found = dict[str, list[Told]]
Measure = Callable[[PeerProcess, int], Awaitable[Told]]

ROUNDS: Final = 3
_GROWN: Final = 1_000
_LONGEST_S: Final = 600
"""How many turns the long run has, and how many seconds at most."""
_CALLS: Final = 5 * 49
"""How many calls of the tool five runs of fifty turns make."""


@asynccontextmanager
async def _everybody(
    peers: Sequence[Peer], failed: dict[str, str]
) -> AsyncGenerator[list[PeerProcess]]:
    """Start all of them; those that cannot are named in `failed` with the reason."""
    with server(10) as url, tempfile.TemporaryDirectory() as home:
        started: list[PeerProcess] = []
        for number, peer in enumerate(peers):
            try:
                started.append(await PeerProcess.start(peer, url, Path(home) / str(number)))
            except PeerFailed as failure:
                failed[peer.name] = str(failure)
        try:
            yield started
        finally:
            for process in started:
                await process.kill()


async def _rounds(
    peers: Sequence[Peer], measure: Measure, rounds: int = ROUNDS
) -> tuple[Found, dict[str, str]]:
    """Measure everybody in turn, again and again; return what was found by name, and who failed and why."""
    found: Found = {}
    failed: dict[str, str] = {}
    async with _everybody(peers, failed) as processes:
        for number in range(rounds):
            for process in processes:
                name = process.peer.name
                if name not in failed:
                    try:
                        found.setdefault(name, []).append(await measure(process, number))
                    except PeerFailed as failure:
                        failed[name] = str(failure)
    return found, failed


async def _alone(
    peers: Sequence[Peer], measure: Callable[[Peer, str, Path], Awaitable[Told]], rounds: int
) -> tuple[Found, dict[str, str]]:
    """Measure everybody in turn with a server and a directory of their own, again and again."""
    found: Found = {}
    failed: dict[str, str] = {}
    for _ in range(rounds):
        for peer in peers:
            if peer.name in failed:
                continue
            with server(50) as url, tempfile.TemporaryDirectory() as home:
                try:
                    found.setdefault(peer.name, []).append(await measure(peer, url, Path(home)))
                except PeerFailed as failure:
                    failed[peer.name] = str(failure)
    return found, failed


def _table(
    peers: Sequence[Peer], found: Found, failed: dict[str, str], row: Callable[[str], Row]
) -> list[Row]:
    rows: list[Row] = []
    for peer in peers:
        named: Row = {"who": peer.name}
        if peer.name in failed:
            rows.append(named | {"failed": failed[peer.name]})
        elif peer.name in found:
            rows.append(named | row(peer.name))
    return rows


def _median(rounds: Sequence[Told], field: str) -> float:
    return statistics.median(one[field] for one in rounds)


def _ratio(found: Found, name: str, other: Peer, field: str) -> float | str:
    """Return the median of the ratios of each round to that of somebody else in the same round."""
    theirs = found.get(other.name)
    if not theirs:
        return ""
    pairs = zip(found[name], theirs, strict=False)
    return round(statistics.median(one[field] / two[field] for one, two in pairs), 2)


async def _load(runs: int, turns: int, *, stream: bool) -> list[Row]:
    async def measure(process: PeerProcess, number: int) -> Told:
        if number == 0:
            await process.ask("runs", key="warm", runs=2, model="bench-10", stream=stream)
        model = f"bench-{turns}"
        return await process.ask("runs", key=f"r{number}", runs=runs, model=model, stream=stream)

    found, failed = await _rounds(PEERS, measure)
    total = runs * turns / 1000
    how = "streamed" if stream else "whole"

    def row(name: str) -> Row:
        return {
            "work": f"{runs} × {turns} turns, {how}",
            "wall ms a turn": round(_median(found[name], "wall") / total, 2),
            "CPU ms a turn": round(_median(found[name], "cpu") / total, 2),
            "× bare aiohttp": _ratio(found, name, AIOHTTP, "wall"),
            "× Callboard": _ratio(found, name, OURS, "wall"),
            "turns/s": round(total * 1000 / _median(found[name], "wall")),
            "peak MB": round(_median(found[name], "peak_kib") / 1024),
        }

    return _table(PEERS, found, failed, row)


async def turns() -> list[Row]:
    """A long run alone, streamed and not, and two hundred side by side."""
    return [
        *await _load(1, 50, stream=True),
        *await _load(1, 50, stream=False),
        *await _load(200, 10, stream=True),
    ]


async def growth() -> list[Row]:
    """One long run: what its last turns cost, and what the first did."""

    async def measure(peer: Peer, url: str, home: Path) -> Told:
        ledger = home / "ledger"
        ledger.touch()
        process = await PeerProcess.start(peer, url, home)
        try:
            return await process.ask(
                "runs",
                key="long",
                runs=1,
                model=f"bench-{_GROWN}",
                stream=True,
                clock=True,
                patience_s=_LONGEST_S,
            )
        except PeerFailed as failure:
            raise PeerFailed(f"{_lines(ledger)} turns, then: {failure}") from None
        finally:
            await process.kill()

    found, failed = await _alone(PEERS, measure, 1)

    def row(name: str) -> Row:
        (told,) = found[name]
        clock = told["clock"]
        early, late = _between(clock, 5, 45), _between(clock, _GROWN - 45, _GROWN - 5)
        return {
            "CPU ms a turn, 5 to 45": round(early, 2),
            f"CPU ms a turn, {_GROWN - 45} to {_GROWN - 5}": round(late, 2),
            "ratio": round(late / early, 1),
            "CPU s altogether": round(told["cpu"], 2),
            "peak MB": round(told["peak_kib"] / 1024),
        }

    return _table(PEERS, found, failed, row)


def _between(clock: Sequence[float], first: int, last: int) -> float:
    return (clock[last] - clock[first]) / (last - first) * 1000


async def chunks() -> list[Row]:
    """An answer of two thousand pieces: what each piece costs."""
    streaming = [peer for peer in PEERS if "DBOS" not in peer.name]

    async def measure(process: PeerProcess, number: int) -> Told:
        return await process.ask(
            "runs", key=f"t{number}", runs=5, model="text-2000", stream=True, at_once=1
        )

    found, failed = await _rounds(streaming, measure)

    def row(name: str) -> Row:
        return {
            "CPU µs a chunk": round(_median(found[name], "cpu") / 10_000 * 1e6, 1),
            "× bare aiohttp": _ratio(found, name, AIOHTTP, "cpu"),
        }

    return _table(streaming, found, failed, row)


async def start() -> list[Row]:
    """From starting Python until a process is ready to run an agent, and its memory then."""

    async def measure(peer: Peer, url: str, home: Path) -> Told:
        began = time.perf_counter()
        process = await PeerProcess.start(peer, url, home)
        await process.kill()
        return process.opened | {"up": time.perf_counter() - began}

    found, failed = await _alone(PEERS, measure, 5)

    def row(name: str) -> Row:
        return {
            "ms until ready": round(_median(found[name], "up") * 1000),
            "MB then": round(_median(found[name], "resident_kib") / 1024),
        }

    return _table(PEERS, found, failed, row)


async def waiting() -> list[Row]:
    """A thousand runs that wait for a person: memory, idle processor, and how soon one goes on."""
    able = [peer for peer in PEERS if peer.runner in ("callboard_.py", "langgraph_.py")]
    able = [peer for peer in able if peer.durable]

    async def measure(process: PeerProcess, number: int) -> Told:
        await process.ask("waiting", key=f"warm{number}", runs=50, model="bench-2")
        told = await process.ask("waiting", key=f"w{number}", runs=1_000, model="bench-2")
        idle = await process.ask("idle", seconds=5)
        wakes = [(await process.ask("wake", key=f"w{number}-{one}"))["wall"] for one in range(20)]
        return told | {"idle": idle["cpu"] / idle["wall"], "wake": statistics.median(wakes)}

    found, failed = await _rounds(able, measure)

    def row(name: str) -> Row:
        return {
            "MB for 1,000 (target < 2)": round(_median(found[name], "grew_kib") / 1024, 1),
            "idle, % of a core (target < 1)": round(_median(found[name], "idle") * 100, 2),
            "ms from the decision to the end (target < 20)": round(
                _median(found[name], "wake") * 1000, 1
            ),
            "ms of CPU to get one to wait": round(_median(found[name], "cpu"), 2),
        }

    return _table(able, found, failed, row)


async def recovery() -> list[Row]:
    """Five runs of fifty turns, killed in the middle: what is repeated, and how soon everything has ended."""
    durable = [peer for peer in PEERS if peer.durable]
    found, failed = await _alone(durable, killed, ROUNDS)

    def row(name: str) -> Row:
        return {
            "calls of the tool": _CALLS,
            "repeated": _median(found[name], "repeated_calls"),
            "model requests": _CALLS + 5,
            "paid twice": _median(found[name], "repeated_requests"),
            "s until ready again": round(_median(found[name], "up"), 2),
            "s until all had ended": round(_median(found[name], "over"), 2),
        }

    return _table(durable, found, failed, row)


async def killed(peer: Peer, url: str, home: Path) -> Told:
    """Start runs, kill them in the middle and have another process finish them; return what was done twice.

    Raises:
        PeerFailed: it could not, or not all of them were finished.
    """
    ledger = home / "ledger"
    ledger.touch()
    first = await PeerProcess.start(peer, url, home)
    first.tell("runs", key="k", runs=5, model="slow-50", stream=False)
    async with asyncio.timeout(60):
        while _lines(ledger) < _CALLS * 0.6:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.002)
    await first.kill()
    done_by_then = _lines(ledger)
    began = time.perf_counter()
    second = await PeerProcess.start(peer, url, home)
    up = time.perf_counter() - began
    try:
        await second.ask("recover")
    finally:
        await second.kill()
    over = time.perf_counter() - began
    if _lines(ledger) < _CALLS:
        raise PeerFailed(f"only {_lines(ledger)} of {_CALLS} calls were made")
    asked = int(await asyncio.to_thread(lambda: urlopen(url).read()))
    return {
        "up": up,
        "over": over,
        "repeated_calls": _lines(ledger) - _CALLS,
        "repeated_requests": asked - _CALLS - 5,
        "by_then": done_by_then,
    }


def _lines(ledger: Path) -> int:
    return ledger.read_bytes().count(b"\n")


CASES: Final[dict[str, Callable[[], Coroutine[Any, Any, list[Row]]]]] = {
    "turns": turns,
    "growth": growth,
    "chunks": chunks,
    "start": start,
    "waiting": waiting,
    "recovery": recovery,
}

"""What a turn costs: a bare loop, and Callboard with every event durable in SQLite."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from benchmarks.bare import bare_runs
from benchmarks.loopback import server
from benchmarks.one_tool import OneTool
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.org.principal import as_owner
from callboard.ports.event_store import EventStore
from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta
from callboard.providers.directory import ProviderDirectory
from callboard.providers.endpoints import Endpoint
from callboard.runtime.driver import Driver
from callboard.runtime.system import SystemClock, relax_collector
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.rig import ANN, rig
from callboard.usecases.app import App
from callboard.usecases.start_run import StartRun, start_run

ROUNDS = 7

AGENT = AgentDefinition(
    id="bench",
    display_name="Bench",
    model="bench",
    provider="openrouter",
    tool_names=("look",),
    limits=Limits(turns=10_000),
)


async def durable_app(url: str, home: Path, store: EventStore | None = None) -> App:
    """Return the real runtime, store (SQLite, where none is given) and provider over a tool that does next to nothing."""
    logs = store or await SqliteEventStore.open(home / "bench.db")
    app = rig(Unused(), AGENT, store=logs, clock=SystemClock(), tools=OneTool())
    endpoint = Endpoint("openrouter", api_key=SecretStr("none"), base_url=url)
    ports = replace(app.ports, models=ProviderDirectory({"openrouter": endpoint}))
    return replace(app, ports=ports, driver=Driver(ports))


class Unused:
    """A provider that nobody asks."""

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        raise AssertionError


async def durable_runs(app: App, runs: int, prefix: str) -> None:
    """Run agents side by side, every event durable."""
    wishes = [StartRun(f"{prefix}-{n}", "bench", "/bench", "go") for n in range(runs)]
    await asyncio.gather(*(start_run(app, as_owner(ANN), wish) for wish in wishes))


async def _timed(work: Awaitable[None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    await work
    return time.perf_counter() - wall, time.process_time() - cpu


async def _compare(url: str, runs: int, turns: int, home: Path) -> list[dict[str, object]]:
    app = await durable_app(url, home)
    bare: list[tuple[float, float]] = []
    durable: list[tuple[float, float]] = []
    await bare_runs(url, min(runs, 4))
    relax_collector()  # as `build_app` does; the bare loop has the benefit too
    await durable_runs(app, min(runs, 4), "warm")
    for round_ in range(ROUNDS):
        bare.append(await _timed(bare_runs(url, runs)))
        durable.append(await _timed(durable_runs(app, runs, f"r{round_}")))
    await app.close()
    total = runs * turns
    rows: list[dict[str, object]] = []
    for name, times in (("bare loop, records nothing", bare), ("Callboard, durable", durable)):
        wall, cpu = sorted(times)[ROUNDS // 2]
        rows.append(
            {
                "work": f"{runs} × {turns} turns",
                "loop": name,
                "wall ms a turn": round(wall / total * 1000, 3),
                "CPU ms a turn": round(cpu / total * 1000, 3),
            }
        )
    ratio = [slow[0] / fast[0] for slow, fast in zip(durable, bare, strict=True)]
    cpu_ratio = [slow[1] / fast[1] for slow, fast in zip(durable, bare, strict=True)]
    rows.append(
        {
            "work": f"{runs} × {turns} turns",
            "loop": "ratio (median of pairs; target ≤ 3)",
            "wall ms a turn": round(sorted(ratio)[ROUNDS // 2], 2),
            "CPU ms a turn": round(sorted(cpu_ratio)[ROUNDS // 2], 2),
        }
    )
    return rows


def main() -> list[dict[str, object]]:
    """Measure a long run alone and many runs at once."""
    rows: list[dict[str, object]] = []
    for runs, turns in ((1, 50), (200, 10)):
        with server(turns) as url, tempfile.TemporaryDirectory() as home:
            rows += asyncio.run(_compare(url, runs, turns, Path(home)))
    return rows

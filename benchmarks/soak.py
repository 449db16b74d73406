"""A worker under twenty runs is killed two hundred times, at moments that nobody chose; then the books are compared.

The worker is a process with the real engine, the real store and a tool that must never run twice. Every life of it
ends by SIGKILL. What is left is read as anybody would read it.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.tool_call import ToolCallInterrupted
from callboard.domain.message import JsonObject, Part, TextPart, ToolCallPart
from callboard.domain.org.principal import as_owner
from callboard.domain.tool import ToolFacts, ToolSpec, json_outputs
from callboard.domain.usage import Usage, usd
from callboard.engine.ledger import whole
from callboard.ports.event_store import RunsWanted
from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta
from callboard.ports.tools import Tool, ToolContext, ToolOutcome
from callboard.runtime.reading import load
from callboard.runtime.system import SystemClock
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.rig import ANN, rig
from callboard.usecases.app import App
from callboard.usecases.runs import resume_run
from callboard.usecases.spending import usage_of
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.verify_run import verify_run

RUNS = 20
KILLS = 200
TURNS = 60
COST = usd("0.001")
_THINKS_S = 0.004

AGENT = AgentDefinition(
    id="worker",
    display_name="Worker",
    model="m",
    provider="openrouter",
    tool_names=("look", "once"),
    limits=Limits(turns=10_000),
)


def turn_of(request: ModelRequest) -> int:
    """Return which turn of its run a request is, from 1."""
    return sum(message.role == "assistant" for message in request.messages) + 1


def answer_in(turn: int, turns: int) -> ModelAnswer:
    """Return what a model says in a turn of a run of so many: a call, every third time of the tool that must not be
    repeated, then text.
    """
    part: Part = TextPart(text="done")
    if turn <= turns:
        tool = "once" if turn % 3 == 0 else "look"
        part = ToolCallPart(call_id=f"c{turn}", tool=tool, arguments={"turn": turn})
    finish = "tool_calls" if turn <= turns else "stop"
    usage = Usage(input_tokens=10, output_tokens=5)
    return ModelAnswer(parts=(part,), finish=finish, usage=usage, cost_usd=COST)


def write_line(ledger: Path, line: str) -> None:
    """Add a line to a ledger, whole, whoever else writes there."""
    descriptor = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


class TurnByTurn:
    """A model whose answer depends on nothing but the number of its answers so far."""

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        del on_delta
        await asyncio.sleep(_THINKS_S)
        return answer_in(turn_of(request), TURNS)

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        del model, input_tokens, output_tokens
        return COST


@dataclass(frozen=True, slots=True)
class LedgerFileTool:
    """Writes a line into a file when it is called; `once` must not be repeated."""

    name: str
    ledger: Path

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(name=self.name, description=self.name, input_schema={"type": "object"})

    @property
    def facts(self) -> ToolFacts:
        return ToolFacts(access="read", retry_safety="unsafe" if self.name == "once" else "pure")

    def normalise(self, arguments: JsonObject) -> JsonObject:
        return arguments

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        write_line(self.ledger, f"{self.name} {context.run_id} {arguments['turn']}")
        await asyncio.sleep(_THINKS_S)  # done, and not yet recorded: the moment to be killed in
        return ToolOutcome(json_outputs({"turn": arguments["turn"], "by": self.name}))


@dataclass(frozen=True, slots=True)
class LedgerFileTools:
    """Both tools."""

    ledger: Path

    def get(self, name: str) -> Tool | None:
        return LedgerFileTool(name, self.ledger) if name in ("look", "once") else None

    def names(self) -> tuple[str, ...]:
        return ("look", "once")


async def _app(home: Path) -> App:
    store = await SqliteEventStore.open(home / "callboard.db")
    await store.budgets.set_limit("organisation", usd(10_000))
    tools = LedgerFileTools(home / "ledger")
    return rig(
        TurnByTurn(), AGENT, store=store, clock=SystemClock(), tools=tools, budgets=store.budgets
    )


async def _work(home: Path, begun: Callable[[], None] = lambda: None) -> None:
    """Drive all runs to their ends: what a worker's life would be if nobody killed it."""
    app = await _app(home)
    begun()

    async def one(run_id: str) -> None:
        if await app.ports.store.row(run_id) is None:
            await start_run(app, as_owner(ANN), StartRun(run_id, "worker", "/w", "go"))
        else:
            await resume_run(app, as_owner(ANN), run_id)

    await asyncio.gather(*(one(f"r{n}") for n in range(RUNS)))
    await app.close()


def kill_at_random(home: Path, kills: int, seed: int) -> int:
    """Start the worker again and again until it has been killed so often, or is done; return the kills."""
    chance = random.Random(seed)
    for done in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.soak", "work", str(home)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            return done
    return kills


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledgers say. `problems` is empty where they agree."""

    runs: int
    events: int
    resumed: int
    interrupted: int
    problems: tuple[str, ...]


async def books(home: Path) -> Books:
    """Let the last worker finish, then compare what was done, recorded and paid."""
    await _work(home)
    app = await _app(home)
    problems: list[str] = []
    events = resumed = interrupted = 0
    effects = Counter((home / "ledger").read_text().splitlines())
    for n in range(RUNS):
        run_id = f"r{n}"
        entries = await load(app.ports.store, run_id)
        events += len(entries)
        resumed += sum(entry.event.type == "run.resumed" for entry in entries)
        lost = [e.event for e in entries if isinstance(e.event, ToolCallInterrupted)]
        interrupted += len(lost)
        if entries[-1].event.type != "run.completed":
            problems.append(f"{run_id} ended with {entries[-1].event.type}")
        problems += (await verify_run(app, as_owner(ANN), run_id)).problems
        turns = [e.event.turn for e in entries if isinstance(e.event, ModelCallCompleted)]
        if turns != list(range(1, TURNS + 2)):
            problems.append(f"{run_id} has answers {turns}")
        unknown = {int(event.call_id.removeprefix("c")) for event in lost}
        for turn in range(3, TURNS + 1, 3):
            times = effects[f"once {run_id} {turn}"]
            if times > 1 or (times == 0 and turn not in unknown):
                problems.append(f"{run_id}: the call of turn {turn} was made {times} times")
    problems += await _money(app)
    await app.close()
    return Books(RUNS, events, resumed, interrupted, tuple(problems))


async def _money(app: App) -> list[str]:
    """Compare the ledger of calls, the rows of runs and the accounts."""
    problems: list[str] = []
    total = whole(await usage_of(app, as_owner(ANN))).paid.known_usd
    rows = await app.ports.store.rows(RunsWanted(limit=1000))
    by_row = sum((row.bill.known_usd for row in rows), Decimal(0))
    expected = COST * RUNS * (TURNS + 1)
    if not total == by_row == expected:
        problems.append(f"calls come to {total}, runs to {by_row}, and {expected} was to be paid")
    (account,) = await app.ports.budgets.standings()
    if account.spent_usd + account.reserved_usd < total:
        problems.append(f"the account has {account.spent_usd} for calls of {total}")
    return problems


def soak(kills: int, seed: int) -> tuple[int, Books]:
    """Kill a worker so often; return how often it was, and the books."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        killed = kill_at_random(home, kills, seed)
        return killed, asyncio.run(books(home))


def main(kills: int = KILLS) -> list[dict[str, object]]:
    """Kill, and compare."""
    killed = events = resumed = interrupted = rounds = 0
    problems: list[str] = []
    began = time.perf_counter()
    while killed < kills:
        rounds += 1
        done, found = soak(kills - killed, seed=rounds)
        killed, events = killed + done, events + found.events
        resumed, interrupted = resumed + found.resumed, interrupted + found.interrupted
        problems += found.problems
    return [
        {
            "kills": killed,
            "rounds of 20 runs": rounds,
            "events": events,
            "taken up again": resumed,
            "calls of unknown outcome": interrupted,
            "differences between ledgers": len(problems),
            "seconds": round(time.perf_counter() - began),
            **({"first difference": problems[0]} if problems else {}),
        }
    ]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["work", home]:
            asyncio.run(_work(Path(home), lambda: print("driving", flush=True)))
        case ["kill", times]:
            sys.stdout.write(json.dumps(main(int(times))[0]) + "\n")
        case _:
            sys.exit("python -m benchmarks.soak kill TIMES")

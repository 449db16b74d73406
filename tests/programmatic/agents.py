"""The corpus of programmatic agents, and how one of them is played."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.program import ProgramSource
from callboard.domain.events.run import Terminal
from callboard.domain.message import JsonObject
from callboard.domain.org.principal import as_owner
from callboard.ports.event_store import EventStore
from callboard.ports.programs import Advanced, Program, Programs
from callboard.runtime.children import Ended
from callboard.testing.model import Script, ScriptedProvider, Turn
from callboard.testing.rig import ANN, rig
from callboard.testing.world import LedgerProvider, World
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.start_run import StartRun, start_run

CORPUS = Path(__file__).parent / "corpus"
RUN = "r"


@dataclass(frozen=True)
class Sample:
    """One agent in one language, with what it is to come to."""

    name: str
    language: str
    facts: dict[str, Any]

    @property
    def agents(self) -> list[AgentDefinition]:
        own = {"handle_steps": self.facts[self.language], "output_mode": "structured_output"}
        others = self.facts.get("others", {})
        lead = _agent("lead", self.facts, spawnable_agents=tuple(others), **own)
        return [lead, *(_agent(name, facts) for name, facts in others.items())]

    @property
    def scripts(self) -> dict[str, Script]:
        everyone = {"lead": self.facts, **self.facts.get("others", {})}
        return {
            name: Script(turns=tuple(Turn.model_validate(turn) for turn in facts.get("turns", ())))
            for name, facts in everyone.items()
        }


def _agent(name: str, facts: dict[str, Any], **more: object) -> AgentDefinition:
    return AgentDefinition.model_validate(
        {
            "id": name,
            "display_name": name.title(),
            "model": f"scripted/{name}",
            "tool_names": facts.get("tools", ()),
            "permissions": facts.get("permissions", ()),
            "handle_steps": facts.get("python"),
        }
        | more
    )


@cache
def samples() -> tuple[Sample, ...]:
    found: list[Sample] = []
    for path in sorted(CORPUS.glob("*.yaml")):
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [
            Sample(path.stem, language, facts)
            for language in ("python", "javascript")
            if language in facts
        ]
    return tuple(found)


class _Lent:
    """A program that counts its end; closing the lender is somebody else's business."""

    def __init__(self, program: Program) -> None:
        self._program = program

    async def advance(self, resume: JsonObject | None, *, now: datetime) -> Advanced:
        return await self._program.advance(resume, now=now)

    async def close(self) -> None:
        await self._program.close()


class Lent:
    """Programs that outlive an app: one clean process serves a whole test."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    async def start(self, source: ProgramSource, context: JsonObject, *, seed: str) -> Program:
        return _Lent(await self._programs.start(source, context, seed=seed))

    async def close(self) -> None:
        """The owner does."""


def app_for(sample: Sample, world: World, programs: Programs, store: EventStore) -> App:
    provider = LedgerProvider(world, ScriptedProvider(sample.scripts))
    return rig(provider, *sample.agents, world=world, store=store, programs=Lent(programs))


async def begin(app: App, sample: Sample) -> Ended:
    params = sample.facts.get("params")
    return await start_run(app, as_owner(ANN), StartRun(RUN, "lead", "/w", "go", params))


async def decided(app: App, sample: Sample, ended: Ended) -> Ended:
    """Decide at each gate as the sample says; decisions that were made in an earlier life are counted."""
    decisions = sample.facts.get("decide", ())
    while ended.waiting is not None:
        gate = await open_gate(app, as_owner(ANN), RUN)
        wish = decisions[int(gate.gate.gate_id.removeprefix("g")) - 1]
        ended = await decide_gate(
            app,
            as_owner(ANN),
            RUN,
            Decision(wish["verdict"], note=wish.get("note", ""), answer=wish.get("answer")),
            digest=gate.gate.digest,
        )
    return ended


def came_to(terminal: Terminal | None) -> object:
    assert terminal is not None
    output = terminal.output.model_dump()
    return output["message"] if terminal.type == "run.failed" else output["value"]

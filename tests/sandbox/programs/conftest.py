"""Real workers, shared by the tests of one process; each test starts programs of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.loops import run_apart

from callboard.domain.definition.program import program_source
from callboard.ports.programs import Advanced, ProgramLimits
from callboard.sandbox.programs.pool import ConfinedProgram, ConfinedPrograms

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
CONTEXT: dict[str, Any] = {
    "agentState": {"messageHistory": [], "output": None},
    "prompt": None,
    "params": None,
    "model": "m",
}


def resume_with(**given: Any) -> dict[str, Any]:
    """What the host passes for a yield; `text` is the text of the tool's result."""
    return {
        "agentState": {"messageHistory": []},
        "toolResult": [],
        "toolError": None,
        "toolText": "",
        "stepsComplete": False,
        "nResponses": None,
        **given,
    }


@dataclass
class Driving:
    """Starts programs and drives them to their end; closes them with the test."""

    programs: ConfinedPrograms
    started: list[ConfinedProgram] = field(default_factory=list)

    async def start(self, text: str, *, seed: str = "seed", **context: Any) -> ConfinedProgram:
        source = program_source(text)
        program = await self.programs.start(source, {**CONTEXT, **context}, seed=seed)
        self.started.append(program)
        return program

    async def drive(
        self, text: str, *resumes: dict[str, Any], seed: str = "seed", **context: Any
    ) -> list[Advanced]:
        """Everything that a program reaches: the first advance, then one per resume."""
        program = await self.start(text, seed=seed, **context)
        reached = [await program.advance(None, now=NOW)]
        for place, resume in enumerate(resumes, 1):
            reached.append(await program.advance(resume, now=NOW + timedelta(seconds=place)))
        return reached

    async def values(self, text: str, *resumes: dict[str, Any], **given: Any) -> list[Any]:
        return [reached.value for reached in await self.drive(text, *resumes, **given)]

    async def first(self, text: str, **given: Any) -> Any:
        return (await self.values(text, **given))[0]

    async def close(self) -> None:
        for program in self.started:
            await program.close()


PATIENT = ProgramLimits(load_s=30, step_s=30)
STRICT = ProgramLimits(load_s=10, step_s=2.5, memory=64 << 20, frame=2 << 20, log_lines=20)


@pytest.fixture(scope="session")
def pools():
    made: dict[ProgramLimits, ConfinedPrograms] = {}

    def pool(limits: ProgramLimits) -> ConfinedPrograms:
        if limits not in made:
            made[limits] = ConfinedPrograms(limits=limits)
        return made[limits]

    yield pool
    for programs in made.values():
        run_apart(programs.close())


@pytest.fixture
async def patient(pools, anyio_backend):
    """Limits that no slow machine reaches."""
    driving = Driving(pools(PATIENT))
    yield driving
    await driving.close()


@pytest.fixture
async def strict(pools, anyio_backend):
    """Limits that hostile programs meet soon."""
    driving = Driving(pools(STRICT))
    yield driving
    await driving.close()


@pytest.fixture
def resume() -> Callable[..., dict[str, Any]]:
    return resume_with


@pytest.fixture
def now() -> datetime:
    return NOW

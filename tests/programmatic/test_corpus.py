"""Programmatic agents in both languages, in real confined workers: as they are, and killed everywhere."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest

from callboard.domain.events.codec import unseal
from callboard.domain.org.principal import as_owner
from callboard.ports.programs import Programs
from callboard.runtime.children import Ended
from callboard.sandbox.programs.pool import ConfinedPrograms
from callboard.testing.rig import ANN
from callboard.testing.store.crashing import Crash, CrashingStore
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.world import World
from callboard.usecases.runs import resume_run
from callboard.usecases.verify_run import verify_run
from tests.faults.answers import answers_in
from tests.loops import run_apart

from .agents import RUN, Sample, app_for, begin, came_to, decided, samples

pytestmark = pytest.mark.anyio

each_sample = pytest.mark.parametrize(
    "sample", samples(), ids=lambda sample: f"{sample.name}-{sample.language}"
)


@pytest.fixture(scope="session")
def programs() -> Iterator[Programs]:
    """Real workers, forked from one process for all tests: each program is in one of its own."""
    confined = ConfinedPrograms()
    yield confined
    run_apart(confined.close())


def a_world(sample: Sample) -> World:
    return World(files=dict(sample.facts.get("files", {})))


def assert_as_expected(sample: Sample, ended: Ended, world: World) -> None:
    wanted = sample.facts.get("fails")
    if wanted is not None:
        assert wanted in str(came_to(ended.terminal))
        return
    assert came_to(ended.terminal) == sample.facts["expect"]
    for path, text in sample.facts.get("leaves", {}).items():
        assert world.files[path] == text


@each_sample
async def test_an_agent_does_what_its_program_says(sample: Sample, programs: Programs):
    world = a_world(sample)
    app = app_for(sample, world, programs, MemoryEventStore())
    ended = await decided(app, sample, await begin(app, sample))
    await app.close()
    assert_as_expected(sample, ended, world)
    asked = [entry for entry in world.ledger if entry.startswith("model ")]
    assert len(asked) == sample.facts["model_calls"]


@each_sample
async def test_killed_at_any_entry_of_its_journal_it_comes_to_the_same(
    sample: Sample, programs: Programs
):
    for when in ("before", "after"):
        at = 1
        while await _killed(sample, programs, at, when):
            at += 1
        assert at > 3, "every agent has a journal to be killed in"


async def _killed(sample: Sample, programs: Programs, at: int, when: str) -> bool:
    """Die at one append, go on in another life, and compare; return whether there was such an append."""
    world, disk = a_world(sample), MemoryDisk()
    store = CrashingStore(
        MemoryEventStore(disk), at, "before" if when == "before" else "after", world.kill
    )
    app = app_for(sample, world, programs, store)
    try:
        ended = await decided(app, sample, await begin(app, sample))
    except Crash:
        with suppress(Crash):
            await app.driver.close()
        await store.inner.close()
        world.revive()
        ended = await _second_life(sample, programs, world, disk)
    else:
        await app.close()
        return False
    assert_as_expected(sample, ended, world)
    await _check_log(sample, programs, world, disk)
    return True


async def _second_life(sample: Sample, programs: Programs, world: World, disk: MemoryDisk) -> Ended:
    app = app_for(sample, world, programs, MemoryEventStore(disk))
    known = await app.ports.store.row(RUN) is not None
    ended = await (resume_run(app, as_owner(ANN), RUN) if known else begin(app, sample))
    ended = await decided(app, sample, ended)
    await app.close()
    return ended


async def _check_log(sample: Sample, programs: Programs, world: World, disk: MemoryDisk) -> None:
    """Nothing unsafe was done twice, no answer is in the log twice, and the log verifies."""
    unsafe = Counter(entry for entry in world.ledger if entry.startswith("pay "))
    assert all(count == 1 for count in unsafe.values())
    app = app_for(sample, world, programs, MemoryEventStore(disk))
    entries = [unseal(sealed) for sealed in await app.ports.store.read_tree(RUN)]
    assert (await verify_run(app, as_owner(ANN), RUN)).problems == ()
    await app.close()
    answers = answers_in(entries)
    assert answers.total() == sample.facts["model_calls"]
    assert set(answers.values()) <= {1}

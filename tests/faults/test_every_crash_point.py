"""Die before and after every append and every effect: the run ends as if nothing had happened."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import pytest

from callboard.domain.events.codec import unseal
from callboard.domain.events.tool_call import ToolCallInterrupted
from callboard.domain.org.principal import as_owner
from callboard.domain.run.state import status_of
from callboard.ports.event_store import EventStore
from callboard.runtime.children import Ended
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import ANN, rig
from callboard.testing.store.crashing import Crash, CrashingStore
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.world import LedgerProvider, World
from callboard.usecases.app import App
from callboard.usecases.runs import resume_run
from callboard.usecases.verify_run import verify_run

from .answers import answers_in
from .stories import RUN, STORIES, Story

pytestmark = pytest.mark.anyio

When = Literal["before", "after"]


@dataclass
class Outcome:
    """What a story came to, inside (the log) and outside (the world)."""

    ended: Ended
    world: World
    answers: Counter[tuple[str, int]]
    interrupted: bool
    writes: int
    crashed: bool = False

    @property
    def result(self) -> tuple[object, ...]:
        assert self.ended.terminal is not None
        output = self.ended.terminal.output.model_dump(exclude={"text"})
        commits = len(self.world.commits)
        shown = "" if self.interrupted else str(output.get("value", ""))
        return status_of(self.ended.terminal), str(output.get("message", "")), commits, shown


def app_for(story: Story, world: World, store: EventStore) -> App:
    provider = LedgerProvider(world, ScriptedProvider(story.scripts))
    return rig(provider, *story.agents, world=world, store=store, chains=story.chains)


async def play(
    story: Story, world: World, at_write: int | None = None, when: When = "before"
) -> Outcome:
    """Begin the story; if the process dies, let a new one resume it to the end."""
    disk = MemoryDisk()
    store = CrashingStore(MemoryEventStore(disk), at_write, when, world.kill)
    app = app_for(story, world, store)
    crashed = False
    try:
        ended = await story.begin(app)
    except Crash:
        crashed = True
        with suppress(Crash):  # the process is gone; only its background task is ours to stop
            await app.driver.close()
        await store.inner.close()
        world.revive()
        ended = await _second_life(story, world, disk)
    else:
        await app.close()
    outcome = await _examined(story, world, disk, ended, store.writes)
    return replace(outcome, crashed=crashed)


async def _second_life(story: Story, world: World, disk: MemoryDisk) -> Ended:
    app = app_for(story, world, MemoryEventStore(disk))
    known = await app.ports.store.row(RUN) is not None
    ended = await (resume_run(app, as_owner(ANN), RUN) if known else story.begin(app))
    await app.close()
    return ended


async def _examined(
    story: Story, world: World, disk: MemoryDisk, ended: Ended, writes: int
) -> Outcome:
    app = app_for(story, world, MemoryEventStore(disk))
    events = [unseal(sealed) for sealed in await app.ports.store.read_tree(RUN)]
    assert (await verify_run(app, as_owner(ANN), RUN)).problems == ()
    await app.close()
    interrupted = any(isinstance(entry.event, ToolCallInterrupted) for entry in events)
    return Outcome(ended, world, answers_in(events), interrupted, writes)


def unsafe_effects(world: World) -> Counter[str]:
    return Counter(entry for entry in world.ledger if entry.startswith("pay "))


def model_effects(world: World) -> Counter[str]:
    return Counter(entry for entry in world.ledger if entry.startswith("model "))


def assert_equivalent(crashed: Outcome, calm: Outcome) -> None:
    assert crashed.crashed
    assert crashed.result[:3] == calm.result[:3]
    assert crashed.interrupted or crashed.result == calm.result
    assert crashed.answers == calm.answers, "every turn is answered once in the log"
    assert all(count == 1 for count in unsafe_effects(crashed.world).values())
    repeated = [entry for entry, count in model_effects(crashed.world).items() if count > 1]
    assert len(repeated) <= 2, "only calls whose answer died with the process are made again"
    if not crashed.interrupted:
        assert crashed.world.files == calm.world.files


@cache
def _sizes(name: str) -> tuple[int, int]:
    """How many writes and effects a story has when nobody crashes."""
    import anyio  # noqa: PLC0415

    story = next(story for story in STORIES if story.name == name)

    async def count() -> tuple[int, int]:
        world = World()
        calm = await play(story, world)
        return calm.writes, world.effects

    return anyio.run(count)


def _points(kind: Literal["write", "effect"]) -> list[object]:
    points: list[object] = []
    for story in STORIES:
        writes, effects = _sizes(story.name)
        total = writes if kind == "write" else effects
        points += [
            pytest.param(story, at, when, id=f"{story.name}-{when}-{kind}-{at}")
            for at in range(1, total + 1)
            for when in ("before", "after")
        ]
    return points


@pytest.mark.parametrize(("story", "at", "when"), _points("write"))
async def test_dying_at_any_append_changes_nothing(story: Story, at: int, when: When):
    calm = await play(story, World())
    crashed = await play(story, World(), at, when)
    assert_equivalent(crashed, calm)


@pytest.mark.parametrize(("story", "at", "when"), _points("effect"))
async def test_dying_at_any_effect_changes_nothing(story: Story, at: int, when: When):
    calm = await play(story, World())
    crashed = await play(story, World(crash_at=at, crash_when=when))
    assert_equivalent(crashed, calm)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_the_stories_do_what_they_are_told_when_nobody_crashes(story: Story):
    calm = await play(story, World())
    status, message, commits, _ = calm.result
    assert (status, message) == ("completed", "")
    assert commits == (1 if story.name in ("task", "routed") else 0)
    assert model_effects(calm.world).total() == calm.answers.total()

"""Clocks that jump, and times that survive a restart."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from callboard.domain.definition.agent import Limits
from callboard.domain.org.principal import as_owner
from callboard.runtime.reading import load
from callboard.testing.clock import PatientClock
from callboard.testing.model import ScriptedError, Turn
from callboard.testing.rig import ANN, rig
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.world import World
from callboard.usecases.fork_run import ForkRun, fork_run
from callboard.usecases.runs import resume_run
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.verify_run import verify_run
from tests.runtime.script import agent, call, says

pytestmark = pytest.mark.anyio

LOOK = Turn(calls=(call("look", path="x"),))


class JumpingClock(PatientClock):
    """Jumps once, by so many seconds, at its nth reading."""

    def __init__(self, by_s: float, at_reading: int) -> None:
        super().__init__()
        self._by_s = by_s
        self._left = at_reading

    def now(self) -> datetime:
        self._left -= 1
        if self._left == 0:
            self.advance(self._by_s)
        return super().now()


@pytest.mark.parametrize("reading", range(1, 14))
@pytest.mark.parametrize("by_s", [-3600, 3600])
async def test_a_clock_that_jumps_orders_nothing_anew_and_loses_nothing(by_s, reading):
    clock = JumpingClock(by_s, reading)
    app = rig(says(a=[LOOK, Turn(text="ok")]), agent("a", "look"), clock=clock)
    ended = await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    entries = await load(app.ports.store, "r")
    assert ended.terminal is not None
    assert ended.terminal.type == "run.completed"
    assert all(one.at <= other.at for one, other in pairwise(entries))
    assert not (await verify_run(app, as_owner(ANN), "r")).problems


async def test_time_that_jumped_forward_counts_against_a_runs_limit():
    clock = JumpingClock(3600, 6)
    app = rig(says(a=[LOOK] * 9), agent("a", "look"), clock=clock)
    wish = StartRun("r", "a", "/w", "go", limits=Limits(wall_time_s=60))
    ended = await start_run(app, as_owner(ANN), wish)
    assert ended.terminal is not None
    assert ended.terminal.output.model_dump()["code"] == "wall_time_limit"


async def test_a_deadline_is_the_same_moment_for_whoever_takes_the_run_up():
    clock, disk = PatientClock(), MemoryDisk()
    provider = says(a=[LOOK, Turn(text="ok")])
    wish = StartRun("r", "a", "/w", "go", limits=Limits(wall_time_s=60))
    first = rig(provider, agent("a", "look"), clock=clock, store=MemoryEventStore(disk))
    await start_run(first, as_owner(ANN), wish)
    begun = await load(first.ports.store, "r")
    await fork_run(first, as_owner(ANN), ForkRun("r", 3, "later"))
    clock.advance(61)
    asked = len(provider.requests)
    ended = await resume_run(first, as_owner(ANN), "later")
    assert ended.terminal is not None
    assert ended.terminal.output.model_dump()["code"] == "wall_time_limit"
    assert len(provider.requests) == asked, "no model is asked after the deadline"
    deadline = begun[0].event.model_dump()["deadline_at"]
    assert deadline - begun[0].at <= timedelta(seconds=60)


async def test_a_call_that_failed_before_a_restart_is_made_again_after_its_whole_delay():
    clock = PatientClock()
    broken = Turn(error=ScriptedError(reason="server", message="down", retryable=True))
    provider = says(a=[broken, Turn(text="ok"), Turn(text="ok")])
    app = rig(provider, agent("a"), clock=clock, world=World())
    await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    entries = await load(app.ports.store, "r")
    failed = next(entry.seq for entry in entries if entry.event.type == "model_call.failed")
    await fork_run(app, as_owner(ANN), ForkRun("r", failed, "again"))
    clock.slept.clear()
    ended = await resume_run(app, as_owner(ANN), "again")
    assert ended.terminal is not None
    assert ended.terminal.type == "run.completed"
    log = [entry.event for entry in await load(app.ports.store, "again")]
    failures = sum(event.type == "model_call.failed" for event in log)
    assert len([seconds for seconds in clock.slept if seconds > 0.2]) == failures >= 1
    started = [event.model_dump() for event in log if event.type == "model_call.started"]
    assert [event["attempt"] for event in started] == list(range(1, failures + 2))

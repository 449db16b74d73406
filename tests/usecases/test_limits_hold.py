"""Limits hold over everything that takes room: calls, runs of agents, tasks of spaces, also when they go on."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.errors import NoRoom, StoreUnavailable
from callboard.domain.org.principal import as_owner
from callboard.domain.output import ErrorOutput
from callboard.domain.usage import Usage, usd
from callboard.domain.workflow import WorkflowDefinition
from callboard.engine.pacing import Ask, Limit
from callboard.ports.model import ModelProvider
from callboard.runtime.reading import load
from callboard.testing.clock import PatientClock
from callboard.testing.limiter import MemoryLimiter
from callboard.testing.model import (
    Match,
    Rule,
    Script,
    ScriptedCall,
    ScriptedError,
    ScriptedProvider,
    Turn,
)
from callboard.testing.rig import FixedRegistry, rig
from callboard.usecases.board import show_task
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.limits import Bounds, list_limits, remove_limit, set_limit
from callboard.usecases.queueing import cancel_task, queue_task
from callboard.usecases.roster import NewVersion, change_agent, save_agent
from callboard.usecases.roster_moves import promote_agent
from callboard.usecases.spaces import NewSpace, change_space, create_space
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.worker import Worker
from callboard.usecases.workflows import apply_workflow

pytestmark = pytest.mark.anyio

ROOT = as_owner(Actor(kind="person", name="root"))
ASKER = AgentDefinition.model_validate(
    {"id": "asker", "display_name": "A", "model": "scripted/asker", "tool_names": ("ask_user",)}
)
QUESTION = ScriptedCall.model_validate(
    {"tool": "ask_user", "arguments": {"questions": [{"question": "Which?"}]}}
)
FLOW = WorkflowDefinition.model_validate(
    {
        "id": "flow",
        "title": "Flow",
        "steps": [{"kind": "agent", "id": "do", "title": "Do", "agent": "asker"}],
    }
)


@dataclass
class Watched:
    """A provider that counts how many calls go on at a time, of whom; the answers to second requests can be held."""

    inner: ModelProvider
    going_on: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def complete(self, request, on_delta):
        self.going_on[request.model] += 1
        self.most[request.model] = max(self.most[request.model], self.going_on[request.model])
        for _ in range(3):
            await asyncio.sleep(0)
        try:
            if any(message.role == "tool" for message in request.messages):
                self.began.set()
                await self.open.wait()
            return await self.inner.complete(request, on_delta)
        finally:
            self.going_on[request.model] -= 1


def watched():
    done = Rule(when=Match(tool_result="."), turn=Turn(text="thanks"))
    ask = Rule(when=Match(), turn=Turn(calls=(QUESTION,)))
    return Watched(ScriptedProvider({"asker": Script(rules=(done, ask))}))


async def office(provider):
    app = rig(provider, clock=PatientClock(), registry=FixedRegistry({"asker": ASKER}))
    await create_space(app, ROOT, NewSpace("shop", "Shop", "SHOP", "", "/repository", "flow"))
    await change_space(app, ROOT, "shop", at_once=10)
    await apply_workflow(app, ROOT, FLOW)
    await save_agent(app, ROOT, NewVersion(ASKER))
    await promote_agent(app, ROOT, "asker")
    return app


async def waiting_tasks(app, count):
    """Return tasks that all wait for an answer."""
    keys = []
    for number in range(count):
        task = await create_task(app, ROOT, "shop", NewTask(f"Task {number}"))
        await queue_task(app, ROOT, task.key)
        keys.append(task.key)
    worker = Worker(app, at_once=20)
    await worker.idle()
    return keys


async def run_of(app, key):
    run_id = (await show_task(app, ROOT, key)).task.run_id
    assert run_id is not None
    return run_id


async def answer(app, key):
    run_id = await run_of(app, key)
    gate = await open_gate(app, ROOT, run_id)
    decision = Decision("answer", answer="this one")
    await record_decision(app, ROOT, run_id, decision, digest=gate.gate.digest)


async def worked_off(app, keys):
    """Work, again and again as time goes by, until all tasks are done."""
    for _ in range(50):
        await Worker(app, at_once=20).idle()
        if await states(app, keys) == ["done"] * len(keys):
            return
        await app.ports.clock.sleep(2)
    pytest.fail(f"they are {await states(app, keys)}")


async def states(app, keys):
    return [(await show_task(app, ROOT, key)).task.state for key in keys]


async def test_no_more_calls_of_a_provider_go_on_than_its_limit_allows():
    provider = watched()
    app = await office(provider)
    await app.ports.slots.limiter.set_limit(Limit("provider:scripted", at_once=3))
    await waiting_tasks(app, 12)
    assert provider.most == {"scripted/asker": 3}
    assert [one.in_use for one in await app.ports.slots.limiter.standings()] == [0]
    await app.close()


async def test_runs_that_go_on_after_an_answer_take_their_places_again():
    provider = watched()
    app = await office(provider)
    keys = await waiting_tasks(app, 6)
    await change_agent(app, ROOT, "asker", {"at_once": 2})
    provider.most.clear()
    provider.open.set()
    for key in keys:
        await answer(app, key)
    await worked_off(app, keys)
    assert provider.most["scripted/asker"] == 2
    await app.close()


async def test_tasks_that_go_on_after_an_answer_take_their_places_in_the_space_again():
    provider = watched()
    app = await office(provider)
    keys = await waiting_tasks(app, 5)
    await change_space(app, ROOT, "shop", at_once=1)
    provider.most.clear()
    provider.open.set()
    for key in keys:
        await answer(app, key)
    await worked_off(app, keys)
    assert provider.most["scripted/asker"] == 1
    await app.close()


async def test_a_task_that_finds_no_room_stays_as_it_is_and_goes_on_later():
    provider = watched()
    app = await office(provider)
    (key,) = await waiting_tasks(app, 1)
    await change_space(app, ROOT, "shop", at_once=1)
    await answer(app, key)
    run_id = await run_of(app, key)
    before = await app.ports.store.head(run_id)
    room = [Ask("space:shop", 1)]
    assert await app.ports.slots.take("another", room) is None
    with pytest.raises(NoRoom, match="space:shop is full: 1 of 1"):
        await app.driver.drive(run_id)
    assert await app.ports.store.head(run_id) == before
    await app.ports.slots.give_back("another", room)
    provider.open.set()
    await worked_off(app, [key])
    await app.close()


async def test_a_task_can_be_cancelled_while_its_agent_waits_for_room():
    provider = watched()
    app = await office(provider)
    (key,) = await waiting_tasks(app, 1)
    await change_agent(app, ROOT, "asker", {"at_once": 1})
    await answer(app, key)
    run_id = await run_of(app, key)
    room = [Ask("agent:asker", 1)]
    assert await app.ports.slots.take("another", room) is None
    driving = asyncio.create_task(app.driver.drive(run_id))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not driving.done()
    await cancel_task(app, ROOT, key)
    ended = await driving
    assert ended.terminal is not None
    assert ended.terminal.type == "run.cancelled"
    assert not provider.began.is_set()
    assert [one.in_use for one in await app.ports.slots.limiter.standings()] == [1]
    await app.close()


async def test_whoever_starts_an_agent_that_is_busy_is_told_so_and_nothing_begins():
    app = await office(watched())
    await change_agent(app, ROOT, "asker", {"at_once": 1})
    assert await app.ports.slots.take("another", [Ask("agent:asker", 1)]) is None
    with pytest.raises(NoRoom, match="agent:asker is full: 1 of 1"):
        await start_run(app, ROOT, StartRun("R", "asker", "/work", "go"))
    assert await app.ports.store.row("R") is None
    await app.close()


async def test_a_run_whose_time_is_over_while_it_waits_for_a_call_ends():
    app = await office(watched())
    await app.ports.slots.limiter.set_limit(Limit("model:scripted/asker", at_once=1))
    assert await app.ports.slots.take("another", [Ask("model:scripted/asker")]) is None
    wish = StartRun("R", "asker", "/work", "go", limits=Limits(wall_time_s=30))
    ended = await start_run(app, ROOT, wish)
    assert ended.terminal is not None
    assert isinstance(ended.terminal.output, ErrorOutput)
    assert "wall-time limit" in ended.terminal.output.message
    await app.close()


async def test_a_minute_bounds_the_calls_of_a_model():
    app = await office(watched())
    await app.ports.slots.limiter.set_limit(Limit("model:scripted/asker", per_minute=60, burst=1))
    began = app.ports.clock.now()
    await waiting_tasks(app, 5)
    assert (app.ports.clock.now() - began).total_seconds() >= 4
    await app.close()


TALKER = AgentDefinition(id="talker", display_name="T", model="scripted/talker")
MODEL = "model:scripted/talker"


async def talking(*turns, calls=None):
    """Let agents talk one after the other under a limit on tokens; return the app and how many seconds it took."""
    app = rig(
        ScriptedProvider({"talker": Script(turns=turns)}),
        clock=PatientClock(),
        registry=FixedRegistry({"talker": TALKER}),
    )
    await set_limit(app, ROOT, Bounds(Limit(MODEL, at_once=calls), tokens_per_minute=6000))
    began = app.ports.clock.now()
    for number in range(len([turn for turn in turns if turn.answers])):
        await start_run(app, ROOT, StartRun(f"r{number}", "talker", "/work", "go"))
    return app, (app.ports.clock.now() - began).total_seconds()


def said(tokens):
    """An answer that came to so many tokens, asked and answered."""
    return Turn(text="Hello.", usage=Usage(input_tokens=tokens - 10, output_tokens=10))


async def left(app):
    (standing,) = await list_limits(app, ROOT)
    assert standing.tokens_left is not None
    return standing.tokens_left


async def test_the_tokens_of_a_minute_bound_what_the_calls_of_a_model_come_to():
    app, took = await talking(said(5000), said(5000), said(5000))
    # The first ones took all of the minute and more, which comes back at a hundred a second.
    assert 40 <= took <= 100
    assert await left(app) == 0
    await app.close()


async def test_what_a_call_was_expected_to_take_and_did_not_is_there_again():
    app, took = await talking(*[said(20)] * 20)
    assert took < 1
    assert 6000 - 20 * 20 <= await left(app) < 6000
    await app.close()


async def test_a_call_that_nobody_counted_takes_what_was_expected_of_it():
    broken = Turn(error=ScriptedError(reason="rate_limited", times=1))
    app, _ = await talking(broken, said(20))
    taken = 6000 - await left(app)
    assert 1000 < taken < 6000
    await app.close()


async def test_a_call_that_no_budget_pays_takes_nothing():
    app = rig(
        ScriptedProvider({"talker": Script(turns=(said(20),))}),
        registry=FixedRegistry({"talker": TALKER}),
    )
    await set_limit(app, ROOT, Bounds(Limit(MODEL), tokens_per_minute=6000))
    wish = StartRun("r", "talker", "/work", "go", limits=Limits(cost_usd=usd(0)))
    await start_run(app, ROOT, wish)
    assert await left(app) == 6000
    await app.close()


async def test_tokens_are_limited_beside_calls_and_both_are_seen_and_removed_together():
    app, _ = await talking(said(20), calls=3)
    (standing,) = await list_limits(app, ROOT)
    assert standing.bounds == Bounds(Limit(MODEL, at_once=3), tokens_per_minute=6000)
    await set_limit(app, ROOT, Bounds(Limit(MODEL, at_once=4)))
    (standing,) = await list_limits(app, ROOT)
    assert standing.bounds == Bounds(Limit(MODEL, at_once=4))
    await set_limit(app, ROOT, Bounds(Limit(MODEL), tokens_per_minute=10))
    await remove_limit(app, ROOT, MODEL)
    assert await list_limits(app, ROOT) == []
    await app.close()


class Away(MemoryLimiter):
    """A limiter whose database is away."""

    async def limited(self, names):
        if any(name.startswith("model:") for name in names):
            raise StoreUnavailable("the database is away")
        return ()


async def test_a_database_that_is_away_is_no_answer_of_a_model():
    app = rig(watched(), registry=FixedRegistry({"asker": ASKER}), limiter=Away())
    with pytest.raises(StoreUnavailable):
        await start_run(app, ROOT, StartRun("R", "asker", "/work", "go"))
    kinds = [one.event.type for one in await load(app.ports.store, "R")]
    assert "model_call.failed" not in kinds
    assert "R" in await app.ports.store.unfinished()
    await app.close()

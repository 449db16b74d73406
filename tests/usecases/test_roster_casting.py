"""Who plays: agents of the roster in the version that is live, pinned or on trial, before those at hand."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.events.workflow import StepAssigned, StepPostponed
from callboard.domain.org.principal import as_owner
from callboard.domain.org.roster import AgentTrial
from callboard.domain.workflow import WorkflowDefinition
from callboard.engine.pacing import Ask, Limit
from callboard.engine.tasks.shares import on_trial
from callboard.ports.casting import Part
from callboard.runtime.creation import AgentStart, agent_created
from callboard.runtime.reading import load
from callboard.runtime.roster_casting import CastingSources, RosterCasting
from callboard.testing.clock import PatientClock
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.rig import FixedRegistry, rig
from callboard.usecases.board import show_task
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.queueing import queue_task
from callboard.usecases.roster import NewVersion, change_agent, save_agent
from callboard.usecases.roster_moves import (
    TrialWish,
    pause_agent,
    promote_agent,
    resume_agent,
    retire_agent,
    try_version,
)
from callboard.usecases.spaces import NewSpace, create_space
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.worker import Worker
from callboard.usecases.workflows import apply_workflow

pytestmark = pytest.mark.anyio

ROOT = as_owner(Actor(kind="person", name="root"))
NOW = PatientClock().now()


def writer(prompt="Write.", id_="writer", **fields):
    plain = {"id": id_, "display_name": id_, "model": f"scripted/{id_}", "skills": ("code",)}
    return AgentDefinition.model_validate({**plain, "system_prompt": prompt, **fields})


def flow(**step):
    plain = {"kind": "agent", "id": "implement", "title": "Implement"}
    plan = {"id": "flow", "title": "Flow", "steps": [{**plain, **step}]}
    return WorkflowDefinition.model_validate(plan)


class Team:
    """A space whose tasks are one step, for `agent` or whoever has `skills`."""

    def __init__(self, app, clock, provider):
        self.app, self.clock, self.worker, self.provider = app, clock, Worker(app), provider

    async def live(self, definition, **fields):
        await save_agent(self.app, ROOT, NewVersion(definition, **fields))
        await promote_agent(self.app, ROOT, definition.id)

    async def workflow(self, **step):
        await apply_workflow(self.app, ROOT, flow(**step))

    async def task(self):
        task = await create_task(self.app, ROOT, "auth", NewTask("Add login"))
        await queue_task(self.app, ROOT, task.key)
        await self.worker.idle()
        return (await show_task(self.app, ROOT, task.key)).task

    def requests(self, task):
        child = f"{task.run_id}.implement-1"
        return [one.request for one in self.provider.calls if one.request.conversation == child]

    async def cast(self, task):
        log = await load(self.app.ports.store, task.run_id)
        found = [one.event for one in log if isinstance(one.event, StepAssigned | StepPostponed)]
        return found[-1]

    async def candidates(self, task="AUTH-9", agent=None, skills=()):
        part = Part("auth", "flow", "implement", agent, skills, task)
        return await self.app.ports.casting.candidates(part)


@pytest.fixture
async def team():
    clock = PatientClock()
    at_hand = {"writer": writer("From a file."), "helper": writer(id_="helper", skills=())}
    done = Script(turns=(Turn(text="done", cost_usd=Decimal("0.25")),))
    scripts: dict[str, Script] = dict.fromkeys(["writer", "helper", "other"], done)
    question = {"tool": "ask_user", "arguments": {"questions": [{"question": "Which one?"}]}}
    asking = Turn(calls=(ScriptedCall.model_validate(question),))
    scripts["asker"] = Script(turns=(asking, Turn(text="thanks")))
    provider = ScriptedProvider(scripts)
    app = rig(provider, clock=clock, registry=FixedRegistry(at_hand))
    space = NewSpace("auth", "Auth", "AUTH", repository="/repository", workflow="flow")
    await create_space(app, ROOT, space)
    yield Team(app, clock, provider)
    await app.close()


async def test_what_is_not_in_the_roster_plays_as_it_is_at_hand(team):
    await team.workflow(agent="writer")
    cast = await team.cast(await team.task())
    assert cast.definition.system_prompt == "From a file."


async def test_the_roster_comes_before_a_namesake_at_hand(team):
    await team.live(writer("From the roster."))
    await team.workflow(skills=["code"])
    cast = await team.cast(await team.task())
    assert (cast.agent_version, cast.definition.system_prompt) == ("1", "From the roster.")
    assert [one.definition.id for one in await team.candidates(skills=("code",))] == ["writer"]


async def test_an_agent_of_other_spaces_hides_no_namesake(team):
    await create_space(team.app, ROOT, NewSpace("shop", "Shop", "SHOP"))
    await team.live(writer("Of the shop."), spaces=("shop",))
    (found,) = await team.candidates(agent="writer")
    assert found.definition.system_prompt == "From a file."
    assert [one.definition.system_prompt for one in await team.candidates(skills=("code",))] == [
        "From a file."
    ]


async def test_an_improvement_reaches_every_workflow_and_no_run_under_way(team):
    await team.live(writer("One."))
    await team.workflow(agent="writer")
    first = await team.task()
    await team.live(writer("Two."))
    second = await team.task()
    assert [(await team.cast(task)).agent_version for task in (first, second)] == ["1", "2"]
    (created, *_) = await load(team.app.ports.store, f"{first.run_id}.implement-1")
    assert isinstance(created.event, RunCreated)
    assert isinstance(created.event.subject, AgentSubject)
    assert created.event.subject.definition.system_prompt == "One."


async def test_a_run_that_waits_goes_on_in_the_version_that_it_began_with(team):
    await team.live(writer("One.", model="scripted/asker", tool_names=("ask_user",)))
    await team.workflow(agent="writer")
    task = await team.task()
    await team.live(writer("Two."))
    gate = await open_gate(team.app, ROOT, task.run_id)
    decision = Decision("answer", answer="the left one")
    await record_decision(team.app, ROOT, task.run_id, decision, digest=gate.gate.digest)
    await team.worker.idle()
    assert (await show_task(team.app, ROOT, task.key)).task.state == "done"
    assert {request.system for request in team.requests(task)} == {"One."}
    assert len(team.requests(task)) == 2


async def test_a_pin_means_exactly_this_version(team):
    await team.live(writer("One."))
    await team.live(writer("Two."))
    await team.workflow(agent="writer@1")
    assert (await team.cast(await team.task())).agent_version == "1"
    (missing,) = await team.candidates(agent="writer@7")
    assert missing.hindrance == "has no version 7"
    (latest,) = await team.candidates(agent="writer@latest")
    assert (latest.version, latest.hindrance) == ("2", "")


async def test_who_is_a_draft_paused_or_retired_is_said_to_be_so(team):
    await save_agent(team.app, ROOT, NewVersion(writer("x")))
    await team.workflow(agent="writer")
    assert "writer: is a draft" in (await team.cast(await team.task())).reason
    await promote_agent(team.app, ROOT, "writer")
    await pause_agent(team.app, ROOT, "writer")
    assert [one.hindrance for one in await team.candidates(skills=("code",))] == ["is paused"]
    await resume_agent(team.app, ROOT, "writer")
    await retire_agent(team.app, ROOT, "writer", force=True)
    (gone,) = await team.candidates(agent="writer")
    assert gone.hindrance == "is retired"


async def test_a_paused_agent_leaves_its_steps_to_the_next_one(team):
    await team.live(writer())
    await team.live(writer(id_="other"))
    await pause_agent(team.app, ROOT, "other")
    await team.workflow(skills=["code"], prefer=["other"])
    cast = await team.cast(await team.task())
    assert cast.agent == "writer"
    assert ("other", "is paused") in {(one.agent, one.finding) for one in cast.considered}


async def test_a_task_waits_while_its_agent_is_paused_and_goes_on_with_it(team):
    await team.live(writer())
    await team.workflow(agent="writer")
    await pause_agent(team.app, ROOT, "writer")
    task = await team.task()
    assert (await show_task(team.app, ROOT, task.key)).standing.health == "blocked"
    await resume_agent(team.app, ROOT, "writer")
    await team.clock.sleep(60)
    await team.worker.idle()
    assert (await show_task(team.app, ROOT, task.key)).task.state == "done"


async def test_a_trial_gets_its_share_of_tasks_and_the_live_version_the_others(team):
    await team.live(writer("Live."))
    await save_agent(team.app, ROOT, NewVersion(writer("Trial.")))
    await try_version(team.app, ROOT, "writer", TrialWish(0.5))
    versions = {}
    for n in range(1, 60):
        (found,) = await team.candidates(f"AUTH-{n}", agent="writer")
        assert not found.hindrance
        assert found.note == ("on trial" if found.version == "2" else "")
        versions[n] = found.version
    assert set(versions.values()) == {"1", "2"}
    (again,) = await team.candidates("AUTH-7", agent="writer")
    assert again.version == versions[7]


async def test_an_agent_that_is_on_trial_only_plays_in_its_share_only(team):
    await save_agent(team.app, ROOT, NewVersion(writer("Trial.")))
    await try_version(team.app, ROOT, "writer", TrialWish(0.5))
    hindrances = {
        (await team.candidates(f"AUTH-{n}", agent="writer"))[0].hindrance for n in range(40)
    }
    assert hindrances == {"", "is on trial with 50% of the tasks, not with this one"}


async def test_whose_runs_are_as_many_as_may_be_waits_for_one_to_end(team):
    await team.live(writer())
    await change_agent(team.app, ROOT, "writer", {"at_once": 1})
    (free,) = await team.candidates(agent="writer")
    assert (free.load, free.hindrance) == (0, "")
    start = AgentStart(writer(), ROOT.actor, "/work", Limits())
    await team.app.driver.create("R", await agent_created(team.app.ports, start))
    (busy,) = await team.candidates(agent="writer")
    assert (busy.load, busy.hindrance) == (1, "is busy: 1 of 1 runs")


async def test_nobody_begins_on_a_budget_that_is_spent(team):
    await team.live(writer())
    await team.app.ports.budgets.set_limit("space:auth", Decimal(0))
    (found,) = await team.candidates(agent="writer")
    assert found.hindrance == "the budget of space auth is spent ($0.00)"


async def test_what_was_accepted_lately_and_what_it_cost_is_measured_by_version(team):
    await team.live(writer("One."))
    await team.workflow(agent="writer")
    for _ in range(3):
        await team.task()
    (known,) = await team.candidates(agent="writer")
    assert (known.accepted, known.finished, known.cost_usd) == (3, 3, Decimal("0.25"))
    await team.live(writer("Two."))
    (new,) = await team.candidates(agent="writer")
    assert (new.accepted, new.finished, new.cost_usd) == (0, 0, None)
    await team.clock.sleep(timedelta(days=31).total_seconds())
    (old,) = await team.candidates(agent="writer@1")
    assert (old.accepted, old.finished) == (0, 0)


@given(st.text(max_size=20), st.floats(0.001, 1), st.floats(0.001, 1), st.integers(1, 9))
def test_a_greater_share_keeps_every_task_of_a_smaller_one(task, one, other, version):
    less, more = sorted((one, other))

    def falls(share):
        return on_trial("writer", AgentTrial(version=version, share=share, since=NOW), task)

    assert falls(more) or not falls(less)
    assert falls(1.0)


async def test_a_provider_has_its_own_places(team):
    await team.live(writer())
    await change_agent(team.app, ROOT, "writer", {"at_once": 2})
    ports = team.app.ports
    sources = CastingSources(
        team.app.records, ports.registry, ports.models, ports.names, ports.store, ports.budgets,
        ports.slots.limiter, ports.clock, {"scripted": 1},
    )  # fmt: skip
    casting = RosterCasting(sources)
    room = await casting.agent_room(writer())
    assert room == [Ask("agent:writer", 2), Ask("runs-on:scripted", 1)]
    assert await ports.slots.take("R-1", room) is None
    part = Part("auth", "flow", "implement", "writer", (), "AUTH-9")
    (found,) = await casting.candidates(part)
    assert found.hindrance == "would be one too many for scripted: 1 of 1 runs"


async def test_what_somebody_limited_counts_beside_what_the_agent_says(team):
    await team.live(writer())
    limiter = team.app.ports.slots.limiter
    assert await team.app.ports.casting.agent_room(writer()) == []
    await limiter.set_limit(Limit("agent:writer", per_minute=1))
    assert await team.app.ports.casting.agent_room(writer()) == [Ask("agent:writer")]
    assert await limiter.take("R-1", [Ask("agent:writer")]) is None
    (found,) = await team.candidates(agent="writer")
    assert found.hindrance == "is busy: the next may begin in 60 s"


async def test_a_step_waits_while_every_place_is_taken_and_goes_on_afterwards(team):
    await team.live(writer())
    await change_agent(team.app, ROOT, "writer", {"at_once": 1})
    await team.workflow(agent="writer")
    slots = team.app.ports.slots
    assert await slots.take("other", await team.app.ports.casting.agent_room(writer())) is None
    task = await team.task()
    assert "is busy: 1 of 1 runs" in (await team.cast(task)).reason
    await slots.give_back("other")
    await team.clock.sleep(61)
    await team.worker.idle()
    assert (await show_task(team.app, ROOT, task.key)).task.state == "done"

"""What people read of a run: parts of its thread, its facts, how it stood at any event."""

import json
from decimal import Decimal

import pytest

from callboard.domain.errors import UnknownThing
from callboard.domain.events.codec import Sealed
from callboard.domain.thread_mark import FAILURES, MESSAGES, TOOLS
from callboard.engine.thread.row import (
    Asked,
    Called,
    Ended,
    Helper,
    Problem,
    Said,
    StepBegan,
    StepOver,
)
from callboard.ports.threads import WindowWanted
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.rig import rig
from callboard.testing.store.memory import MemoryEventStore
from callboard.usecases.compare import compare_runs
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.thread_facts import thread_facts
from callboard.usecases.threads import thread_course, thread_event, thread_part
from callboard.usecases.time_travel import stand_at
from tests.usecases.team import ROOT, WRITER, Team, new_team

pytestmark = pytest.mark.anyio

TODOS = ScriptedCall(
    tool="write_todos",
    arguments={
        "todos": [{"task": "Look", "completed": True}, {"task": "Write", "completed": False}]
    },
)
PUTS = ScriptedCall(tool="put", arguments={"path": "a.py", "text": "1"})
WRITES = Script(
    turns=(
        Turn(text="First I look.", calls=(PUTS,), cost_usd=Decimal("0.25")),
        Turn(text="done", cost_usd=Decimal("0.5")),
    )
)


@pytest.fixture
async def team(anyio_backend: object) -> Team:
    return await new_team(WRITES)


async def waiting(team: Team) -> str:
    task = await team.waiting(budget_usd=Decimal(1))
    return f"{task.key}-1"


async def test_the_thread_of_a_task_tells_its_agents_and_its_people(team: Team) -> None:
    run_id = await waiting(team)
    part = await thread_part(team.app, await team.person("vic"), WindowWanted(run_id))
    kinds = [type(row.body) for row in part.rows]
    for kind in (StepBegan, Helper, Said, Called, StepOver, Asked):
        assert kind in kinds
    assert [row.position for row in part.rows] == sorted(row.position for row in part.rows)
    assert {row.who.depth for row in part.rows} == {0}
    await team.decide("mia", run_id)
    await team.work()
    after = await thread_part(team.app, ROOT, WindowWanted(run_id))
    (asked,) = (row.body for row in after.rows if isinstance(row.body, Asked))
    assert asked.state == "approved"
    assert isinstance(after.rows[-1].body, Ended)


async def test_filters_search_and_counts_are_for_those_who_see_the_run(team: Team) -> None:
    run_id = await waiting(team)
    vic, zoe = await team.person("vic"), await team.person("zoe")
    said = await thread_part(team.app, vic, WindowWanted(run_id, facet=MESSAGES))
    assert all(isinstance(row.body, Said) for row in said.rows)
    found = await thread_part(team.app, vic, WindowWanted(run_id, text="first i LOOK"))
    assert [row.body.text for row in found.rows if isinstance(row.body, Said)] == ["First I look."]
    course = await thread_course(team.app, vic, run_id)
    assert course.counts[TOOLS] == 1
    assert course.counts[FAILURES] == 0
    assert sum(one.nano_usd for one in course.payments) == 750_000_000
    for work in (
        thread_part(team.app, zoe, WindowWanted(run_id)),
        thread_course(team.app, zoe, run_id),
        thread_facts(team.app, zoe, run_id),
        thread_event(team.app, zoe, run_id, 1),
        stand_at(team.app, zoe, run_id, 1),
    ):
        with pytest.raises(UnknownThing):
            await work


async def test_milestones_are_among_the_rows_of_an_unfiltered_thread(team: Team) -> None:
    run_id = await waiting(team)
    keys = [row.key for row in (await thread_part(team.app, ROOT, WindowWanted(run_id))).rows]
    assert [key for key in keys if key.startswith("c")] == ["c25", "c75"]
    filtered = await thread_part(team.app, ROOT, WindowWanted(run_id, facet=TOOLS))
    assert not any(row.key.startswith("c") for row in filtered.rows)


async def test_the_facts_say_what_it_cost_who_worked_and_what_comes_next(team: Team) -> None:
    run_id = await waiting(team)
    facts = await thread_facts(team.app, await team.person("vic"), run_id)
    assert (facts.spent_usd, facts.limit_usd) == (Decimal("0.75"), Decimal(1))
    assert not facts.is_partly_unknown
    assert [(one.title, one.state) for one in facts.steps] == [
        ("Write", "done"),
        ("Deploy", "mine"),
    ]
    assert facts.steps[0].who == "Writer"
    assert facts.steps[1].is_sign_off
    assert facts.steps[0].bill.known_usd == Decimal("0.75")
    assert [(one.title, one.attempt) for one in facts.beginnings] == [("Write", 1), ("Deploy", 1)]
    assert facts.tool_calls == 1
    assert facts.started_by is not None
    assert facts.started_by.name == "ann"
    assert [one.name for one in facts.versions] == ["Flow", "Writer"]
    assert [change.path for change in facts.files] == ["a.py"]
    assert len(facts.runs) == 2
    await team.decide("mia", run_id)
    await team.work()
    after = await thread_facts(team.app, ROOT, run_id)
    assert [one.state for one in after.steps] == ["done", "done"]
    assert after.produced
    below = await thread_facts(team.app, ROOT, f"{run_id}.write-1")
    assert below.steps == ()
    assert [change.path for change in below.files] == ["a.py"]
    assert below.usage == after.usage


async def test_a_run_is_shown_as_it_stood_at_any_event(team: Team) -> None:
    run_id = f"{await waiting(team)}.write-1"
    events = await team.app.ports.store.read(run_id)
    costs = [(await stand_at(team.app, ROOT, run_id, one.seq)).cost_usd for one in events]
    assert costs[0] == 0
    assert costs[-1] == Decimal("0.75")
    assert costs == sorted(cost for cost in costs if cost is not None)
    first, last = (
        await stand_at(team.app, ROOT, run_id, 1),
        await stand_at(team.app, ROOT, run_id, len(events)),
    )
    assert (first.status, last.status) == ("running", "completed")
    assert first.files == ()
    assert [change.path for change in last.files] == ["a.py"]
    for wrong in (0, len(events) + 1):
        with pytest.raises(UnknownThing, match="events 1 to"):
            await stand_at(team.app, ROOT, run_id, wrong)


async def test_what_an_agent_meant_to_do_is_part_of_how_it_stood() -> None:
    script = Script(turns=(Turn(text="plan", calls=(TODOS,)), Turn(text="done")))
    agent = WRITER.model_copy(update={"tool_names": ("put", "write_todos")})
    app = rig(ScriptedProvider({"writer": script}), agent)
    await start_run(app, ROOT, StartRun("r1", "writer", "/work", "go"))
    last = len(await app.ports.store.read("r1"))
    stand = await stand_at(app, ROOT, "r1", last)
    assert [(one.text, one.done) for one in stand.todos] == [("Look", True), ("Write", False)]
    assert list((await stand_at(app, ROOT, "r1", 1)).todos) == []


async def test_one_event_is_read_with_its_payload(team: Team) -> None:
    run_id = f"{await waiting(team)}.write-1"
    kinds = [_kind(one) for one in await team.app.ports.store.read(run_id)]
    seq = kinds.index("tool_call.completed") + 1
    found = await thread_event(team.app, ROOT, run_id, seq)
    assert (found.run_id, found.seq, found.event.type) == (run_id, seq, "tool_call.completed")
    started = await thread_event(team.app, ROOT, run_id, kinds.index("model_call.started") + 1)
    assert started.event.type == "model_call.started"
    with pytest.raises(UnknownThing, match="no event"):
        await thread_event(team.app, ROOT, run_id, 10_000)


def _kind(sealed: Sealed) -> str:
    return json.loads(sealed.body)["type"]


async def test_a_thread_with_an_event_that_cannot_be_read_is_shown_all_the_same(team: Team) -> None:
    run_id = await waiting(team)
    store = team.app.ports.store
    assert isinstance(store, MemoryEventStore)
    for place, sealed in enumerate(store.disk.events):
        if sealed.run_id == run_id and _kind(sealed) in ("step.started", "step.assigned"):
            store.disk.events[place] = sealed._replace(body=b"nonsense")
    part = await thread_part(team.app, ROOT, WindowWanted(run_id))
    assert any(isinstance(row.body, Problem) for row in part.rows)
    assert any(isinstance(row.body, Asked) for row in part.rows)
    facts = await thread_facts(team.app, ROOT, run_id)
    assert facts.spent_usd == Decimal("0.75")
    assert facts.steps == ()


async def test_runs_of_tasks_that_are_compared_show_their_steps_by_title():
    team = await new_team()
    for _ in range(2):
        await team.waiting()
    found = await compare_runs(team.app, ROOT, "AUTH-1-1", "AUTH-2-1")
    for side in (found.left, found.right):
        titles = [row.body.title for row in side.rest if isinstance(row.body, StepBegan)]
        assert titles == ["Write", "Deploy"]

"""The first page of somebody, and the search over everything that they may see."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.org.principal import on_this_machine
from callboard.testing.model import Script, Turn
from callboard.testing.store.memory import MemoryEventStore
from callboard.usecases.app import NotAllowed
from callboard.usecases.home import look_home
from callboard.usecases.inbox import list_inbox
from callboard.usecases.people import change_person
from callboard.usecases.search import Command, search
from callboard.usecases.spending import set_budget
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.tasks import NewTask, create_task

from .team import ROOT, WRITER, new_team

pytestmark = pytest.mark.anyio
MEMBERS = Command("members", "Members", "people.manage", "people team")
NEW_TASK = Command("new-task", "New task", "task.manage")


@pytest.fixture
async def team():
    team = await new_team()
    yield team
    await team.app.close()


async def at_home(team, name, space=None):
    return await look_home(team.app, await team.person(name), space)


async def found(team, name, question, **how):
    results = await search(team.app, await team.person(name), question, **how)
    return [(one.kind, one.key) for one in results]


async def test_home_shows_what_waits_for_somebody_and_what_waits_for_that(team):
    await team.waiting()
    await team.started("Tell about it", depends_on=("AUTH-1",))
    home = await at_home(team, "mia")
    assert [entry.key for entry in home.waiting] == ["AUTH-1"]
    assert [view.task.key for view in home.blocked] == ["AUTH-2"]
    assert (home.stale, home.recent) == ((), ())
    assert (await at_home(team, "vic")).waiting == ()


async def test_what_waits_for_people_for_days_is_stale(team):
    await team.waiting()
    team.clock.advance(timedelta(days=3).total_seconds())
    home = await at_home(team, "vic")
    assert [view.task.key for view in home.stale] == ["AUTH-1"]


async def test_what_ended_last_is_listed_first(team):
    for title in ("One", "Two"):
        task = await team.waiting(title)
        await team.decide("mia", f"{task.key}-1")
        await team.work()
    home = await at_home(team, "ann")
    assert [view.task.title for view in home.recent] == ["Two", "One"]


async def test_spending_is_of_this_month_beside_what_is_left_of_the_budget():
    team = await new_team(Script(turns=(Turn(text="done", cost_usd=Decimal("0.25")),)))
    await set_budget(team.app, ROOT, "space:auth", Decimal(2))
    await team.waiting()
    (line,) = (await at_home(team, "vic")).spending
    assert (line.name, line.month.total_usd, line.limit_usd) == ("Auth", Decimal("0.25"), 2)
    assert line.spent_usd == Decimal("0.25")
    team.clock.advance(timedelta(days=40).total_seconds())
    (line,) = (await at_home(team, "vic")).spending
    assert (line.month.total_usd, line.spent_usd) == (0, Decimal("0.25"))
    await team.app.close()


async def test_whoever_belongs_to_no_space_yet_has_an_empty_home(team):
    await team.waiting()
    home = await at_home(team, "zoe")
    assert (home.waiting, home.blocked, home.spending, home.recent) == ((), (), (), ())


async def test_home_can_be_looked_at_for_one_space(team):
    await team.waiting()
    assert [entry.key for entry in (await at_home(team, "mia", "auth")).waiting] == ["AUTH-1"]
    assert (await at_home(team, "mia", "other")).waiting == ()


async def test_a_token_that_is_not_for_tasks_does_not_look_home(team):
    mia = await team.person("mia")
    blind = type(mia)(mia.actor, mia.role, mia.spaces, frozenset({"run.read"}))
    with pytest.raises(NotAllowed):
        await look_home(team.app, blind)


async def test_a_run_without_a_task_that_failed_is_in_the_inbox_of_whoever_started_it():
    team = await new_team(Script(turns=()))
    ann = await team.person("ann")
    wish = StartRun("run-x", WRITER, "/work", prompt="Do it", space="auth")
    await start_run(team.app, ann, wish)
    (entry,) = await list_inbox(team.app, ann)
    assert (entry.key, entry.first.kind) == ("run-x", "failure")
    assert entry.first.sentence.startswith("Failed 0 s ago: ")
    assert await list_inbox(team.app, await team.person("mia")) == []
    team.clock.advance(timedelta(days=15).total_seconds())
    assert await list_inbox(team.app, ann) == []
    await team.app.close()


class CountingStore(MemoryEventStore):
    """Counts how often a log is read."""

    def __init__(self):
        super().__init__()
        self.reads = 0

    async def read(self, run_id, *, after=0):
        self.reads += 1
        return await super().read(run_id, after=after)


async def test_a_log_is_not_read_again_for_the_inbox_before_something_is_added_to_it():
    store = CountingStore()
    team = await new_team(store=store)
    await team.waiting()
    mia = await team.person("mia")
    before = [entry.key for entry in await list_inbox(team.app, mia)]
    store.reads = 0
    assert [entry.key for entry in await list_inbox(team.app, mia)] == before == ["AUTH-1"]
    assert store.reads == 0
    await team.decide("max", "AUTH-1-1")
    assert await list_inbox(team.app, mia) == []
    await team.app.close()


async def test_a_key_is_found_first_then_beginnings_then_parts_then_what_is_misspelt(team):
    ann = await team.person("ann")
    for title in ("Round prices", "Price of returns", "Enterprise rounds", "Printer"):
        await create_task(team.app, ann, "auth", NewTask(title))
    assert (await found(team, "ann", "auth-3"))[0] == ("task", "AUTH-3")
    keys = [key for _, key in await found(team, "ann", "pri", kinds=frozenset({"task"}))]
    assert set(keys[:3]) == {"AUTH-1", "AUTH-2", "AUTH-4"}
    assert keys[3] == "AUTH-3"
    assert ("task", "AUTH-1") in await found(team, "ann", "ruond prices")
    assert await found(team, "ann", "round returns") == []


async def test_people_spaces_workflows_and_labels_are_found(team):
    await create_task(team.app, await team.person("ann"), "auth", NewTask("x", labels=("backend",)))
    assert ("person", "mia") in await found(team, "ann", "mia")
    assert ("space", "auth") in await found(team, "ann", "auth")
    assert ("workflow", "flow") in await found(team, "ann", "flow")
    assert ("task", "AUTH-1") in await found(team, "ann", "backend")


async def test_nobody_finds_what_they_do_not_see(team):
    await team.waiting("Add login")
    assert ("task", "AUTH-1") not in await found(team, "zoe", "login")
    assert ("space", "auth") not in await found(team, "zoe", "auth")


async def test_commands_are_found_by_those_who_may_give_them(team):
    commands = (MEMBERS, NEW_TASK)
    assert await found(team, "ann", "", commands=commands) == [("command", "new-task")]
    await change_person(team.app, ROOT, "mia", role="admin")
    assert ("command", "members") in await found(team, "mia", "team", commands=commands)


async def test_what_is_over_comes_after_what_is_not(team):
    task = await team.waiting("Add login")
    await team.decide("mia", f"{task.key}-1")
    await team.work()
    await create_task(team.app, await team.person("ann"), "auth", NewTask("Add login"))
    assert (await found(team, "ann", "login"))[:2] == [("task", "AUTH-2"), ("task", "AUTH-1")]


@given(st.text(max_size=400))
def test_any_question_has_an_answer_in_the_order_of_its_scores(question):
    async def asked():
        team = await new_team()
        results = await search(team.app, on_this_machine("root"), question, commands=(NEW_TASK,))
        await team.app.close()
        return [one.score for one in results]

    scores = asyncio.run(asked())
    assert scores == sorted(scores, reverse=True)

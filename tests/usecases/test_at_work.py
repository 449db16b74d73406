"""What agents do now and how they did, for those who may see it."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.attempt_row import Attempt, AttemptRow
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.org.principal import Principal
from callboard.engine.trends import Period, trends
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.usecases.app import NotAllowed
from callboard.usecases.at_work import agent_at_work, agents_at_work, attempts_of
from callboard.usecases.dashboards import Question, dashboard, releases_of
from callboard.usecases.people import NewPerson, add_person
from callboard.usecases.role_templates import find_role_template, list_role_templates
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.roster_batches import BatchWish, move_agents
from callboard.usecases.roster_moves import pause_agent, promote_agent, retire_agent
from callboard.usecases.roster_reading import find_in_roster
from callboard.usecases.spaces import NewSpace, create_space, set_member
from tests.browser.past import worked

from .test_roster import ROOT, person, writer

pytestmark = pytest.mark.anyio
NOBODY = Principal(Actor(kind="person", name="zoe"))
DAY = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
async def app():
    app = rig(ScriptedProvider({}))
    for space in ("auth", "shop"):
        await create_space(app, ROOT, NewSpace(space, space, space.upper()))
    await add_person(app, ROOT, NewPerson("vic", "Vic"))
    await set_member(app, ROOT, "auth", "person:vic", "viewer")
    await save_agent(app, ROOT, NewVersion(writer()))
    await promote_agent(app, ROOT, "writer", 1)
    return app


async def one(app, who=ROOT):
    return await agent_at_work(app, who, "writer")


async def test_an_agent_that_did_nothing_is_idle_and_has_no_numbers(app):
    found = await one(app)
    assert (found.availability, found.line, found.spend, found.last_active) == (
        "idle",
        None,
        (),
        None,
    )


async def test_numbers_are_of_the_last_30_days_and_spend_of_the_last_14(app):
    await worked(app, writer(), 1, days_ago=0, cost="1.00")
    await worked(app, writer(), 2, days_ago=20, cost="2.00")
    await worked(app, writer(), 3, days_ago=40, cost="4.00")
    found = await one(app)
    assert found.line is not None
    assert found.line.settled == 2
    assert (sum(found.spend), sum(found.spend[-2:]), len(found.spend)) == (1.0, 1.0, 14)


async def test_three_attempts_in_a_row_that_do_not_stand_need_attention(app):
    for number, outcome in enumerate(("passed", "failed", "failed", "failed"), 1):
        await worked(app, writer(), number, days_ago=5 - number, outcome=outcome)
    found = await one(app)
    assert (found.availability, found.reason) == ("attention", "none of its last 3 attempts stands")
    await pause_agent(app, ROOT, "writer")
    assert (await one(app)).availability == "paused"


async def test_numbers_of_spaces_that_somebody_does_not_see_are_not_theirs(app):
    await worked(app, writer(), 1, space="auth")
    await worked(app, writer(), 2, space="shop")
    vic = await person(app, "vic")
    seen = await one(app, vic)
    assert seen.line is not None
    assert seen.line.settled == 1
    assert len(await attempts_of(app, vic, "writer")) == 1
    assert [row.listed.agent.id for row in await agents_at_work(app, vic, space="auth")] == [
        "writer"
    ]


async def test_whoever_is_nobody_sees_no_agents(app):
    for look in (
        agents_at_work(app, NOBODY),
        agent_at_work(app, NOBODY, "writer"),
        dashboard(app, NOBODY, Question()),
    ):
        with pytest.raises(NotAllowed):
            await look


async def test_a_dashboard_compares_with_the_time_before(app):
    await worked(app, writer(), 1, days_ago=3, cost="1.00")
    await worked(app, writer(), 2, days_ago=10, cost="3.00")
    found = await dashboard(app, ROOT, Question(("agent",), 7))
    assert found.whole is not None
    assert found.before is not None
    assert (found.whole.cost_usd, found.before.cost_usd) == (1, 3)
    assert found.trend is not None
    assert (sum(found.trend.settled), len(found.trend.settled)) == (1, 7)


async def test_a_long_time_goes_by_weeks(app):
    await worked(app, writer(), 1, days_ago=0)
    await worked(app, writer(), 2, days_ago=80)
    found = await dashboard(app, ROOT, Question(("agent",), 90))
    assert (found.period.step, found.period.count) == (7, 13)
    assert found.period.days[-1] <= app.ports.clock.now().date()
    assert found.trend is not None
    assert (sum(found.trend.settled), found.trend.settled[-1]) == (2, 1)


async def test_versions_that_went_live_are_marked_and_called_by_their_numbers(app):
    await worked(app, writer(), 1)
    await save_agent(app, ROOT, NewVersion(writer("Better.")))
    await promote_agent(app, ROOT, "writer", 2)
    await pause_agent(app, ROOT, "writer")
    found = await dashboard(app, ROOT, Question(("version",), 30))
    assert [(mark.agent, mark.version) for mark in found.went_live] == [
        ("writer", 1),
        ("writer", 2),
    ]
    assert found.names[found.lines[0].key[0]] == "writer v1"
    assert await releases_of(app, ROOT, "nobody") == []


async def test_several_agents_are_moved_each_by_itself(app):
    await save_agent(app, ROOT, NewVersion(writer(id="editor")))
    outcomes = await move_agents(app, ROOT, BatchWish(("writer", "editor", "nobody"), "pause"))
    assert [bool(outcome.problem) for outcome in outcomes] == [False, True, True]
    assert "a draft" in outcomes[1].problem
    assert (await find_in_roster(app, ROOT, "writer")).agent.state == "paused"
    await move_agents(app, ROOT, BatchWish(("writer",), "place", ("auth",)))
    assert (await find_in_roster(app, ROOT, "writer")).agent.spaces == ("auth",)


@pytest.mark.parametrize("agents", [(), tuple(f"a{n}" for n in range(201))])
async def test_a_batch_names_some_agents_and_not_too_many(app, agents):
    with pytest.raises(ConfigurationInvalid, match="choose 1 to 200"):
        await move_agents(app, ROOT, BatchWish(agents, "pause"))


async def test_whoever_only_looks_moves_nobody(app):
    (outcome,) = await move_agents(app, await person(app, "vic"), BatchWish(("writer",), "pause"))
    assert "may not" in outcome.problem
    assert (await find_in_roster(app, ROOT, "writer")).agent.state == "live"


async def test_a_retired_agent_is_still_found(app):
    await retire_agent(app, ROOT, "writer")
    assert (await one(app)).availability == "retired"


async def test_templates_are_for_those_who_see_agents(app):
    assert "planner" in {role.definition.id for role in await list_role_templates(app, ROOT)}
    assert (await find_role_template(app, await person(app, "vic"), "planner")).task
    with pytest.raises(UnknownThing):
        await find_role_template(app, ROOT, "nobody")
    with pytest.raises(NotAllowed):
        await list_role_templates(app, NOBODY)


def attempt(day: int, cost: float | None, outcome: str | None, agent: str) -> Attempt:
    row = None if outcome is None else AttemptRow("r", judge=False, outcome=outcome)  # pyright: ignore[reportArgumentType]
    began = DAY + timedelta(days=day)
    money = None if cost is None else Decimal(str(round(cost, 4)))
    return Attempt(
        "r", "auth", "T-1", "write", agent, "d" * 64, "m", "completed" if row else "running", money,
        1, 1, began, began + timedelta(minutes=1) if row else None, row,
    )  # fmt: skip


ATTEMPTS = st.lists(
    st.builds(
        attempt,
        st.integers(-3, 12),
        st.none() | st.floats(0, 100),
        st.sampled_from(["passed", "failed", "rejected", None]),
        st.sampled_from(["mara", "otto"]),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(ATTEMPTS)
def test_days_add_up_to_the_whole_and_nothing_is_counted_twice(attempts):
    days = 10
    split = trends(attempts, "agent", Period(DAY.date(), days))
    whole = trends(attempts, None, Period(DAY.date(), days))
    inside = [one for one in attempts if 0 <= (one.began_at - DAY).days < days]
    assert sum(sum(one.settled) for one in split) == sum(one.row is not None for one in inside)
    for trend in (*split, *whole):
        assert {
            len(trend.cost_usd),
            len(trend.settled),
            len(trend.spend_usd),
            len(trend.p90_s),
        } == {days}
        for settled, rate in zip(trend.settled, trend.error_rate, strict=True):
            assert (rate is None) == (settled == 0)
    if whole:
        assert sum(whole[0].spend_usd) == pytest.approx(sum(sum(one.spend_usd) for one in split))

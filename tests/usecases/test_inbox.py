"""The inbox of a person: what is in it, in which order, what they do with it, and who stands in for them."""

import asyncio
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.gate import ApprovalGiven, GateDecided
from callboard.domain.org.principal import Principal
from callboard.engine.inbox import Item, entries_of, waiting_behind
from callboard.ports.records import AuditWanted
from callboard.runtime.reading import load
from callboard.testing.model import Script, ScriptedCall, Turn
from callboard.usecases.app import NotAllowed
from callboard.usecases.batches import Choice, decide_several
from callboard.usecases.decision import Decision
from callboard.usecases.deputies import list_deputies, name_deputy, remove_deputy
from callboard.usecases.gates import open_gate
from callboard.usecases.inbox import archive, list_inbox, mark_read
from callboard.usecases.queueing import cancel_task, queue_task
from callboard.usecases.spaces import set_member
from callboard.usecases.tasks import comment_on
from callboard.usecases.workflows import apply_workflow

from .team import ROOT, flow, new_team

pytestmark = pytest.mark.anyio


@pytest.fixture
async def team():
    team = await new_team()
    yield team
    await team.app.close()


async def keys(team, name, **wanted):
    return [entry.key for entry in await list_inbox(team.app, await team.person(name), **wanted)]


async def named(team, person, deputy, days=7):
    until = team.clock.now() + timedelta(days=days)
    return await name_deputy(team.app, await team.person(person), deputy, until=until)


async def test_a_sign_off_is_in_the_inbox_of_those_who_may_decide_and_of_nobody_else(team):
    await team.waiting()
    (entry,) = await list_inbox(team.app, await team.person("mia"))
    assert (entry.key, entry.first.kind, entry.first.title) == ("AUTH-1", "sign_off", "Add login")
    assert entry.first.sentence.startswith("Deploy: Add login: waiting for a maintainer, 0 s")
    assert await keys(team, "max") == ["AUTH-1"]
    assert [await keys(team, name) for name in ("ann", "vic", "zoe")] == [[], [], []]


async def test_a_gate_that_is_decided_is_gone_for_everybody(team):
    await team.waiting()
    await team.decide("max", "AUTH-1-1")
    assert await keys(team, "mia") == []


async def test_a_failure_is_with_owner_and_starter_until_the_task_moves_on(team):
    await team.started("Broken", owner="person:vic")
    await team.fails("AUTH-1", "/nowhere is no repository")
    for name in ("ann", "vic"):
        (entry,) = await list_inbox(team.app, await team.person(name))
        assert (entry.first.kind, entry.to_decide) == ("failure", ())
        assert "/nowhere" in entry.first.sentence
    assert await keys(team, "mia") == []
    await queue_task(team.app, await team.person("ann"), "AUTH-1")
    assert await keys(team, "ann") == []


async def test_all_about_one_task_is_one_entry_with_the_decision_first(team):
    await team.waiting()
    await comment_on(team.app, await team.person("ann"), "AUTH-1", "Look at this, @mia.")
    (entry,) = await list_inbox(team.app, await team.person("mia"))
    assert [item.kind for item in entry.items] == ["sign_off", "mention"]
    assert entry.items[1].sentence == "ann mentioned you: Look at this, @mia."


async def test_whoever_mentions_themselves_is_not_told(team):
    await team.started()
    await comment_on(team.app, await team.person("ann"), "AUTH-1", "Note to @ann")
    assert await keys(team, "ann") == []


async def test_what_the_most_tasks_wait_for_comes_first(team):
    await team.waiting("Alone")
    await team.waiting("Needed")
    third = await team.started("Third", depends_on=("AUTH-2",))
    await team.started("Fourth", depends_on=(third.key,))
    first, second = await list_inbox(team.app, await team.person("mia"))
    assert (first.key, first.unblocks) == ("AUTH-2", ("AUTH-3", "AUTH-4"))
    assert (second.key, second.unblocks) == ("AUTH-1", ())


async def test_what_expires_soon_comes_before_all_else(team):
    await team.waiting("Needed")
    await team.started("Behind", depends_on=("AUTH-1",))
    await apply_workflow(team.app, ROOT, flow(timeout_s=3_600))
    await team.waiting("Urgent")
    assert await keys(team, "mia") == ["AUTH-3", "AUTH-1"]


async def test_an_entry_is_read_and_unread_and_new_things_make_it_unread_again(team):
    await team.waiting()
    mia = await team.person("mia")
    await mark_read(team.app, mia, ["AUTH-1"])
    assert [entry.read for entry in await list_inbox(team.app, mia)] == [True]
    assert [entry.read for entry in await list_inbox(team.app, await team.person("max"))] == [False]
    await mark_read(team.app, mia, ["AUTH-1"], read=False)
    assert [entry.read for entry in await list_inbox(team.app, mia)] == [False]
    await mark_read(team.app, mia, ["AUTH-1"])
    await comment_on(team.app, await team.person("ann"), "AUTH-1", "And, @mia?")
    assert [entry.read for entry in await list_inbox(team.app, mia)] == [False]


async def test_what_is_archived_comes_back_with_something_new_or_on_demand(team):
    await team.waiting()
    mia = await team.person("mia")
    await archive(team.app, mia, ["AUTH-1"])
    assert await keys(team, "mia") == []
    assert await keys(team, "mia", archived=True) == ["AUTH-1"]
    await archive(team.app, mia, ["AUTH-1"], archived=False)
    assert await keys(team, "mia") == ["AUTH-1"]
    await archive(team.app, mia, ["AUTH-1"])
    await comment_on(team.app, await team.person("ann"), "AUTH-1", "@mia please")
    assert await keys(team, "mia") == ["AUTH-1"]
    with pytest.raises(UnknownThing, match="AUTH-9"):
        await archive(team.app, mia, ["AUTH-9"])


QUESTION = {"questions": [{"question": "Which one?", "options": [{"label": "A"}, {"label": "B"}]}]}


async def test_an_agents_question_is_with_everybody_who_may_answer_and_goes_with_the_answer():
    asks = Turn(calls=(ScriptedCall.model_validate({"tool": "ask_user", "arguments": QUESTION}),))
    team = await new_team(writes=Script(turns=(asks, Turn(text="thanks"))))
    await team.waiting()
    for name in ("ann", "mia"):
        (entry,) = await list_inbox(team.app, await team.person(name))
        assert (entry.key, entry.first.kind) == ("AUTH-1", "question")
        assert entry.first.sentence == "Which one?: waiting for a person, 0 s."
    assert await keys(team, "vic") == []
    item = entry.first
    said = Choice(item.run_id or "", item.digest or "", Decision("answer", answer="A"))
    (outcome,) = await decide_several(team.app, await team.person("ann"), [said])
    assert outcome.closed
    await team.work()
    (entry,) = await list_inbox(team.app, await team.person("mia"))
    assert [one.kind for one in entry.items] == ["sign_off"]
    await team.app.close()


async def test_programs_have_no_inbox(team):
    program = Principal(Actor(kind="integration", name="ci"), role="admin")
    with pytest.raises(NotAllowed):
        await list_inbox(team.app, program)


async def test_many_gates_are_decided_at_once_each_with_its_own_outcome(team):
    for title in ("One", "Two", "Three"):
        await team.waiting(title)
    mia, yes = await team.person("mia"), Decision("approve")
    choices = [
        Choice("AUTH-1-1", await team.digest("AUTH-1-1"), yes),
        Choice("AUTH-2-1", "0" * 64, yes),
        Choice("AUTH-9-1", "0" * 64, yes),
        Choice("AUTH-3-1", await team.digest("AUTH-3-1"), Decision("reject", "no")),
        Choice("AUTH-1-1", await team.digest("AUTH-1-1"), yes),
    ]
    outcomes = await decide_several(team.app, mia, choices)
    assert [one.closed for one in outcomes] == [True, False, False, True, False]
    assert [one.code for one in outcomes] == [
        None,
        "configuration_invalid",
        "unknown",
        None,
        "unknown",
    ]
    assert "changed since it was shown" in (outcomes[1].problem or "")
    with pytest.raises(ConfigurationInvalid, match="at most 100"):
        await decide_several(team.app, mia, choices * 21)


async def test_a_deputy_sees_and_decides_what_the_person_may_and_is_named_in_log_and_audit(team):
    await team.waiting()
    await named(team, "mia", "vic")
    (entry,) = await list_inbox(team.app, await team.person("vic"))
    assert entry.first.as_deputy_of == "mia"
    with pytest.raises(NotAllowed):
        await team.decide("vic", "AUTH-1-1")
    await team.decide("vic", "AUTH-1-1", note="fine", as_deputy_of="mia")
    log = await load(team.app.ports.store, "AUTH-1-1")
    (decided,) = [one.event for one in log if isinstance(one.event, GateDecided)]
    assert (decided.actor.name, decided.note) == ("vic", "as deputy of mia: fine")
    entry = (await team.app.records.audit(AuditWanted(actor="person:vic")))[0]
    assert (entry.action, entry.note, entry.space) == ("gate.decide", "as deputy of mia", "auth")


async def test_a_deputy_has_no_right_before_or_after_the_time_or_once_it_is_taken_away(team):
    await team.waiting()
    mia, now = await team.person("mia"), team.clock.now()
    tomorrow, later = now + timedelta(days=1), now + timedelta(days=2)
    await name_deputy(team.app, mia, "vic", since=tomorrow, until=later)
    assert await keys(team, "vic") == []
    with pytest.raises(NotAllowed, match="deputy at this time"):
        await team.decide("vic", "AUTH-1-1", as_deputy_of="mia")
    await team.clock.sleep(86_400)
    assert await keys(team, "vic") == ["AUTH-1"]
    await team.clock.sleep(86_400)
    assert await keys(team, "vic") == []
    await named(team, "mia", "vic")
    assert await keys(team, "vic") == ["AUTH-1"]
    await remove_deputy(team.app, mia, "vic")
    assert await keys(team, "vic") == []
    with pytest.raises(UnknownThing):
        await remove_deputy(team.app, mia, "vic")


async def test_a_deputy_gets_no_further_than_the_person_or_into_spaces_that_are_closed_to_them(
    team,
):
    await team.waiting()
    await named(team, "ann", "vic")  # ann may not sign off herself
    await named(team, "mia", "zoe")  # zoe does not belong to the space
    assert [await keys(team, name) for name in ("vic", "zoe")] == [[], []]
    with pytest.raises(NotAllowed):
        await team.decide("vic", "AUTH-1-1", as_deputy_of="ann")
    with pytest.raises(UnknownThing):
        await team.decide("zoe", "AUTH-1-1", as_deputy_of="mia")
    await set_member(team.app, ROOT, "auth", "person:mia", "viewer")
    await named(team, "mia", "vic")
    with pytest.raises(NotAllowed):  # what the person lost, the deputy lost
        await team.decide("vic", "AUTH-1-1", as_deputy_of="mia")


async def test_nobody_gets_round_the_separation_of_duties_through_a_deputy(team):
    await apply_workflow(team.app, ROOT, flow(separate=["person"]))
    await team.waiting("Mine", who="mia")
    await named(team, "mia", "vic")
    await named(team, "max", "mia")
    with pytest.raises(NotAllowed, match="mia had a hand in this work"):
        await team.decide("vic", "AUTH-1-1", as_deputy_of="mia")
    with pytest.raises(NotAllowed, match="mia had a hand in this work"):
        await team.decide("mia", "AUTH-1-1", as_deputy_of="max")
    assert [await keys(team, name) for name in ("vic", "mia")] == [[], []]


async def test_a_right_is_used_once_whether_by_the_person_or_the_deputy(team):
    await apply_workflow(team.app, ROOT, flow(approvers={"roles": ["maintainer"], "count": 2}))
    await team.waiting()
    await named(team, "mia", "vic")
    assert not (await team.decide("vic", "AUTH-1-1", as_deputy_of="mia")).closed
    with pytest.raises(NotAllowed, match="vic approved already as deputy of mia"):
        await team.decide("mia", "AUTH-1-1")
    await named(team, "max", "vic")
    with pytest.raises(NotAllowed, match="vic approved already"):
        await team.decide("vic", "AUTH-1-1", as_deputy_of="max")
    assert (await team.decide("max", "AUTH-1-1")).closed
    log = await load(team.app.ports.store, "AUTH-1-1")
    given_by = [one.event.actor.name for one in log if isinstance(one.event, ApprovalGiven)]
    assert given_by == ["vic"]


async def test_a_right_is_used_once_also_when_both_decide_at_the_same_moment(team):
    await apply_workflow(team.app, ROOT, flow(approvers={"roles": ["maintainer"], "count": 2}))
    await named(team, "mia", "vic")
    for number in range(1, 6):
        await team.waiting(f"Task {number}")
        run_id = f"AUTH-{number}-1"
        outcomes = await asyncio.gather(
            team.decide("vic", run_id, as_deputy_of="mia"),
            team.decide("mia", run_id),
            return_exceptions=True,
        )
        made = [one for one in outcomes if not isinstance(one, BaseException)]
        assert [one.closed for one in made] == [False], outcomes
        await cancel_task(team.app, ROOT, f"AUTH-{number}")


async def test_nobody_is_their_own_deputy_or_one_of_a_time_that_is_over(team):
    mia, now = await team.person("mia"), team.clock.now()
    with pytest.raises(ConfigurationInvalid, match="own deputy"):
        await name_deputy(team.app, mia, "mia", until=now + timedelta(days=1))
    with pytest.raises(ConfigurationInvalid, match="before it begins"):
        await name_deputy(team.app, mia, "vic", until=now - timedelta(days=1))
    with pytest.raises(UnknownThing):
        await name_deputy(team.app, mia, "nobody", until=now + timedelta(days=1))
    await named(team, "mia", "vic")
    for name, count in (("mia", 1), ("vic", 1), ("ann", 0)):
        assert len(await list_deputies(team.app, await team.person(name))) == count


async def test_the_gate_that_was_listed_is_the_gate_that_is_decided(team):
    await team.waiting()
    (entry,) = await list_inbox(team.app, await team.person("mia"))
    gate = await open_gate(team.app, await team.person("mia"), entry.first.run_id or "")
    assert entry.first.digest == gate.gate.digest


NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
ITEMS = st.lists(
    st.builds(
        Item,
        kind=st.sampled_from(["sign_off", "question", "failure", "mention"]),
        entry=st.sampled_from(["A-1", "A-2", "A-3"]),
        space=st.just("a"),
        title=st.just("t"),
        sentence=st.text(max_size=3),
        since=st.integers(0, 9).map(lambda hours: NOW - timedelta(hours=hours)),
        deadline=st.none() | st.integers(0, 90).map(lambda hours: NOW + timedelta(hours=hours)),
    ),
    max_size=8,
)


@given(items=ITEMS, random=st.randoms(use_true_random=False))
def test_the_order_is_the_same_however_things_arrive(items, random):
    behind, spent = {"A-1": ("A-3",)}, {"A-2": Decimal(2)}
    first = entries_of(items, behind, spent, {}, NOW)
    shuffled = list(items)
    random.shuffle(shuffled)
    assert entries_of(shuffled, behind, spent, {}, NOW) == first
    assert len(first) == len({item.entry for item in items})
    assert sum(len(entry.items) for entry in first) == len(items)


@given(
    needs=st.dictionaries(
        st.integers(0, 6).map(str), st.sets(st.integers(0, 6).map(str)), max_size=7
    )
)
def test_what_waits_for_what_waits_is_counted_and_circles_end(needs):
    behind = waiting_behind(needs)
    for key, waiting in behind.items():
        assert key not in waiting
        for other in waiting:
            assert set(behind.get(other, ())) - {key} <= set(waiting)

"""Tasks of a space: from the first word to the commit, with people, agents and dependencies."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.workflow import CommentAdded, StepAssigned, StepPostponed, StepSkipped
from callboard.domain.org.principal import Principal, as_owner
from callboard.domain.workflow import WorkflowDefinition
from callboard.runtime.reading import load
from callboard.testing.clock import PatientClock
from callboard.testing.model import Match, Rule, Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.rig import FixedRegistry, rig
from callboard.testing.world import World, WorldWorkspaces
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.board import TasksWanted, list_tasks, show_task
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.people import NewPerson, add_person, principal_of
from callboard.usecases.performance import measure
from callboard.usecases.queueing import cancel_task, queue_task
from callboard.usecases.spaces import NewSpace, create_space, set_member
from callboard.usecases.tasks import (
    NewTask,
    change_task,
    comment_on,
    create_task,
    link_tasks,
    list_comments,
)
from callboard.usecases.worker import Worker
from callboard.usecases.workflows import apply_workflow

pytestmark = pytest.mark.anyio

ROOT = as_owner(Actor(kind="person", name="root"))


def call(tool, **arguments):
    return ScriptedCall.model_validate({"tool": tool, "arguments": arguments})


def role(id_, *tools, **fields):
    return AgentDefinition.model_validate(
        {"id": id_, "display_name": id_.title(), "model": f"scripted/{id_}", "tool_names": tools}
        | fields
    )


WRITER = role("writer", "put")
CRITIC = role("critic", "set_output", skills=("review",), output_mode="structured_output")
GUARD = role("guard", "set_output", skills=("security",), output_mode="structured_output")
APPROVE = Script(
    turns=(Turn(calls=(call("set_output", verdict="approve", reason=""),)), Turn(text="ok"))
)
SCRIPTS = {
    "writer": Script(
        rules=(
            Rule(
                when=Match(conversation=r"implement-1$"),
                turns=(Turn(calls=(call("put", path="src/auth.py", text="1"),)), Turn(text="done")),
            ),
            Rule(
                when=Match(conversation=r"implement-2$"),
                turns=(Turn(calls=(call("put", path="src/auth.py", text="2"),)), Turn(text="done")),
            ),
        ),
        turns=(Turn(text="nothing to do"),),
    ),
    "critic": Script(
        rules=(
            Rule(
                when=Match(conversation=r"review-1$"),
                turns=(
                    Turn(calls=(call("set_output", verdict="reject", reason="1 is too few"),)),
                    Turn(text="no"),
                ),
            ),
        ),
        turns=APPROVE.turns,
    ),
    "guard": APPROVE,
}

FLOW = WorkflowDefinition.model_validate(
    {
        "id": "flow",
        "title": "Flow",
        "steps": [
            {"kind": "agent", "id": "implement", "title": "Implement", "agent": "writer"},
            {
                "kind": "agent",
                "id": "review",
                "title": "Review",
                "skills": ["review"],
                "verdict": {},
                "on_reject": "implement",
            },
            {
                "kind": "agent",
                "id": "security",
                "title": "Security",
                "skills": ["security"],
                "verdict": {},
                "when": {"paths": ["src/auth*"]},
                "on_reject": "implement",
            },
            {
                "kind": "people",
                "id": "deploy",
                "title": "Deploy sign-off",
                "approvers": {"roles": ["maintainer"]},
                "separate": ["person"],
                "on_reject": "implement",
            },
        ],
    }
)


IDLE = FLOW.model_copy(
    update={
        "id": "idle",
        "steps": (
            FLOW.steps[0].model_copy(update={"id": "idle"}),
            FLOW.steps[2].model_copy(update={"on_reject": None}),
        ),
    }
)


class OneRepository(WorldWorkspaces):
    async def head(self, repository):
        if repository != "/repository":
            raise ConfigurationInvalid(f"{repository} is no git repository")
        return await super().head(repository)


class Team:
    """A space `auth` with ann, who contributes, and mia, who maintains."""

    def __init__(self, app: App, clock: PatientClock, agents: dict[str, AgentDefinition]):
        self.app, self.clock, self.agents = app, clock, agents
        self.worker = Worker(app)

    async def person(self, name):
        principal = await principal_of(self.app, Actor(kind="person", name=name))
        assert principal is not None
        return principal

    async def work(self):
        await self.worker.idle()

    async def task(self, who, title="Add login", **fields):
        return await create_task(self.app, who, "auth", NewTask(title, **fields))

    async def decide(self, who, run_id, verdict, note=""):
        gate = await open_gate(self.app, who, run_id)
        decision = Decision(verdict, note)
        return await record_decision(self.app, who, run_id, decision, digest=gate.gate.digest)

    async def events(self, run_id, kind) -> list[Any]:
        log = await load(self.app.ports.store, run_id)
        return [one.event for one in log if isinstance(one.event, kind)]


@pytest.fixture
async def team():
    clock, world = PatientClock(), World()
    agents = {"writer": WRITER, "critic": CRITIC, "guard": GUARD}
    app = rig(
        ScriptedProvider(SCRIPTS),
        clock=clock,
        registry=FixedRegistry(agents),
        world=world,
        workspaces=OneRepository(world),
    )
    for name in ("ann", "mia", "zoe"):
        await add_person(app, ROOT, NewPerson(name, name.title()))
    await create_space(
        app, ROOT, NewSpace("auth", "Auth", "AUTH", repository="/repository", workflow="flow")
    )
    await set_member(app, ROOT, "auth", "person:ann", "contributor")
    await set_member(app, ROOT, "auth", "person:mia", "maintainer")
    await apply_workflow(app, ROOT, FLOW)
    yield Team(app, clock, agents)
    await app.close()


async def test_a_task_goes_through_rejection_security_and_sign_off_to_its_branch(team):
    ann, mia = await team.person("ann"), await team.person("mia")
    task = await team.task(ann)
    assert task.key == "AUTH-1"
    await queue_task(team.app, ann, "AUTH-1")
    await team.work()
    waiting = await show_task(team.app, ann, "AUTH-1")
    assert waiting.standing.health == "needs_person"
    assert waiting.standing.next_actor == "a maintainer"
    assert "Deploy sign-off: Add login" in waiting.standing.sentence
    assert (await team.events("AUTH-1-1", StepAssigned))[-1].agent == "guard"

    with pytest.raises(NotAllowed):
        await team.decide(ann, "AUTH-1-1", "approve")
    await team.decide(mia, "AUTH-1-1", "approve")
    await team.work()
    done = await show_task(team.app, ann, "AUTH-1")
    assert (done.task.state, done.standing.health) == ("done", "ended")
    assert done.task.outcome == "on branch callboard/auth-1-1-add-login"


async def test_whoever_started_a_task_never_signs_it_off_where_duties_are_separate(team):
    mia = await team.person("mia")
    await team.task(mia)
    await queue_task(team.app, mia, "AUTH-1")
    await team.work()
    with pytest.raises(NotAllowed, match="had a hand in this work"):
        await team.decide(mia, "AUTH-1-1", "approve")


async def test_a_step_waits_until_there_is_an_agent_for_it_and_goes_on_by_itself(team):
    ann = await team.person("ann")
    guard = team.agents.pop("guard")
    await team.task(ann)
    await queue_task(team.app, ann, "AUTH-1")
    await team.work()
    waiting = await show_task(team.app, ann, "AUTH-1")
    assert waiting.standing.health == "blocked"
    assert "Security needs an agent with security" in waiting.standing.sentence
    events = len(await load(team.app.ports.store, "AUTH-1-1"))
    await team.clock.sleep(60)
    await team.work()
    assert len(await load(team.app.ports.store, "AUTH-1-1")) == events  # waiting costs nothing
    team.agents["guard"] = guard
    await team.clock.sleep(60)
    await team.work()
    assert len(await team.events("AUTH-1-1", StepPostponed)) == 1
    assert (await show_task(team.app, ann, "AUTH-1")).standing.health == "needs_person"


async def test_a_task_begins_when_what_it_depends_on_is_done(team):
    ann, mia = await team.person("ann"), await team.person("mia")
    first = await team.task(ann)
    second = await team.task(ann, depends_on=(first.key,))
    await queue_task(team.app, ann, second.key)
    await queue_task(team.app, ann, first.key)
    await team.work()
    blocked = await show_task(team.app, ann, second.key)
    assert blocked.standing.health == "blocked"
    assert blocked.standing.sentence.startswith("Blocked by AUTH-1")
    assert (await show_task(team.app, ann, first.key)).blocks == ("AUTH-2",)
    await team.decide(mia, "AUTH-1-1", "approve")
    await team.work()
    assert (await show_task(team.app, ann, second.key)).task.state == "under_way"


async def test_tasks_never_wait_for_one_another_in_a_circle(team):
    ann = await team.person("ann")
    for _ in range(3):
        await team.task(ann)
    await link_tasks(team.app, ann, "AUTH-2", ["AUTH-1"])
    await link_tasks(team.app, ann, "AUTH-3", ["AUTH-2"])
    with pytest.raises(ConfigurationInvalid, match="AUTH-1 → AUTH-3 → AUTH-2 → AUTH-1"):
        await link_tasks(team.app, ann, "AUTH-1", ["AUTH-3"])
    with pytest.raises(ConfigurationInvalid, match="one another"):
        await link_tasks(team.app, ann, "AUTH-1", ["AUTH-1"])
    with pytest.raises(UnknownThing):
        await link_tasks(team.app, ann, "AUTH-1", ["AUTH-9"])


async def test_tasks_that_wait_for_people_take_no_place_from_others(team):
    ann = await team.person("ann")
    for _ in range(6):
        task = await team.task(ann)
        await queue_task(team.app, ann, task.key)
    await team.work()
    views = await list_tasks(team.app, ann)
    assert [view.standing.health for view in views] == ["needs_person"] * 6


async def test_comments_reach_the_agents_before_and_while_they_work(team):
    ann, mia = await team.person("ann"), await team.person("mia")
    await team.task(ann)
    await comment_on(team.app, ann, "AUTH-1", "Mind the cookies, @mia.")
    await queue_task(team.app, ann, "AUTH-1")
    await team.work()
    subject: Any = vars((await load(team.app.ports.store, "AUTH-1-1"))[0].event)["subject"]
    assert subject.task.context[0].value == "Mind the cookies, @mia."
    assert subject.version == 1
    await comment_on(team.app, mia, "AUTH-1", "Say 3.")
    await team.decide(mia, "AUTH-1-1", "reject", "more")
    await team.work()
    (said,) = await team.events("AUTH-1-1", CommentAdded)
    assert (said.actor.name, said.text) == ("mia", "Say 3.")
    comments = await list_comments(team.app, ann, "AUTH-1")
    assert [one.mentions for one in comments] == [("person:mia",), ()]


async def test_a_cancelled_task_ends_its_run_and_can_be_started_again(team):
    ann = await team.person("ann")
    await team.task(ann)
    await queue_task(team.app, ann, "AUTH-1")
    await team.work()
    gone = await cancel_task(team.app, ann, "AUTH-1", "changed our mind")
    assert gone.state == "cancelled"
    row = (await show_task(team.app, ann, "AUTH-1")).row
    assert row is not None
    assert row.status == "cancelled"
    with pytest.raises(UnknownThing):
        await team.decide(await team.person("mia"), "AUTH-1-1", "approve")
    await queue_task(team.app, ann, "AUTH-1")
    await team.work()
    assert (await show_task(team.app, ann, "AUTH-1")).task.runs == ("AUTH-1-1", "AUTH-1-2")


async def test_strangers_see_no_task_and_viewers_change_none(team):
    ann, zoe = await team.person("ann"), await team.person("zoe")
    await team.task(ann)
    for refused in (
        show_task(team.app, zoe, "AUTH-1"),
        comment_on(team.app, zoe, "AUTH-1", "hi"),
        create_task(team.app, zoe, "auth", NewTask("x")),
        queue_task(team.app, zoe, "AUTH-1"),
    ):
        with pytest.raises(UnknownThing):
            await refused
    assert await list_tasks(team.app, zoe) == []
    await set_member(team.app, ROOT, "auth", "person:zoe", "viewer")
    zoe = await team.person("zoe")
    assert (await show_task(team.app, zoe, "AUTH-1")).task.key == "AUTH-1"
    with pytest.raises(NotAllowed):
        await change_task(team.app, zoe, "AUTH-1", title="mine")


async def test_subtasks_roll_up_to_their_parent(team):
    ann = await team.person("ann")
    await team.task(ann)
    for _ in range(2):
        child = await team.task(ann, parent="AUTH-1", workflow="flow")
        await queue_task(team.app, ann, child.key)
    await team.work()
    mia = await team.person("mia")
    await team.decide(mia, "AUTH-2-1", "approve")
    await team.work()
    parent = await show_task(team.app, ann, "AUTH-1")
    assert parent.progress == (1, 2)
    parts = [(await show_task(team.app, ann, key)).bill for key in ("AUTH-2", "AUTH-3")]
    assert parent.bill == parts[0].merged(parts[1])


async def test_a_task_whose_run_cannot_begin_fails_with_the_reason(team):
    ann = await team.person("ann")
    await team.task(ROOT, repository="/nowhere")
    await queue_task(team.app, ann, "AUTH-1")
    await team.work()
    failed = await show_task(team.app, ann, "AUTH-1")
    assert (failed.task.state, failed.task.outcome) == ("failed", "/nowhere is no git repository")


async def test_a_change_names_every_field_that_does_not_fit(team):
    ann = await team.person("ann")
    await team.task(ann)
    with pytest.raises(ConfigurationInvalid, match=r"title: .*priority: "):
        await change_task(team.app, ann, "AUTH-1", title="", priority="huge")
    with pytest.raises(ConfigurationInvalid, match="state of a task cannot be changed"):
        await change_task(team.app, ann, "AUTH-1", state="done")
    changed = await change_task(team.app, ann, "AUTH-1", budget_usd=Decimal("2.5"))
    assert changed.budget_usd == Decimal("2.5")


async def test_tasks_are_found_by_space_state_label_owner_and_text(team):
    ann = await team.person("ann")
    await team.task(ann, "Add login", labels=("ui",))
    await team.task(ann, "Fix logout", owner="person:ann")

    async def keys(**wanted):
        return [view.task.key for view in await list_tasks(team.app, ann, TasksWanted(**wanted))]

    assert await keys() == ["AUTH-2", "AUTH-1"]
    assert await keys(labels=("ui",)) == ["AUTH-1"]
    assert await keys(owner="person:ann") == ["AUTH-2"]
    assert await keys(text="LOG") == ["AUTH-2", "AUTH-1"]
    assert await keys(text="auth-1") == ["AUTH-1"]
    assert await keys(states=("done",)) == []
    assert await keys(limit=1) == ["AUTH-2"]


async def test_a_step_that_is_not_needed_is_skipped(team):
    ann = await team.person("ann")
    await apply_workflow(team.app, ROOT, IDLE)
    await team.task(ann, "Nothing", workflow="idle")
    await queue_task(team.app, ann, "AUTH-1")
    await team.work()
    (skipped,) = await team.events("AUTH-1-1", StepSkipped)
    assert skipped.reason == "no changed file matches src/auth*"


async def test_a_line_of_steps_that_nobody_needs_leaves_others_their_turn(team):
    needless = [IDLE.steps[1].model_copy(update={"id": f"security-{n}"}) for n in range(30)]
    line = IDLE.model_copy(update={"steps": (IDLE.steps[0], *needless)})
    ann, seen = await team.person("ann"), set()

    async def look():
        while True:
            with suppress(UnknownThing):
                seen.add(len(await team.events("AUTH-1-1", StepSkipped)))
            await asyncio.sleep(0)

    await apply_workflow(team.app, ROOT, line)
    await team.task(ann, "Nothing", workflow="idle")
    await queue_task(team.app, ann, "AUTH-1")
    looking = asyncio.create_task(look())
    await team.work()
    looking.cancel()
    assert seen == set(range(31))


async def test_elapsed_and_left_come_from_what_tasks_like_it_took(team):
    ann, mia = await team.person("ann"), await team.person("mia")
    for _ in range(2):
        task = await team.task(ann)
        await queue_task(team.app, ann, task.key)
    await team.work()
    await team.clock.sleep(timedelta(hours=1).total_seconds())
    await team.decide(mia, "AUTH-1-1", "approve")
    await team.work()
    view = await show_task(team.app, ann, "AUTH-2")
    assert view.standing.elapsed_s >= 3600
    assert view.standing.left_s is not None


def test_a_principal_without_rights_sees_nothing():
    assert not Principal(Actor(kind="person", name="x")).sees("auth")


async def test_performance_counts_what_was_sent_back_against_its_author(team):
    ann, mia = await team.person("ann"), await team.person("mia")
    await team.task(ann)
    await queue_task(team.app, ann, "AUTH-1")
    await team.work()
    await team.decide(mia, "AUTH-1-1", "approve")
    await team.work()
    lines = {line.key[0]: line for line in await measure(team.app, ann)}
    writer, critic = lines["writer"], lines["critic"]
    assert (writer.settled, writer.accepted, writer.rejection_rate) == (2, 1, 0.5)
    assert (critic.settled, critic.accepted) == (2, 2)
    assert writer.run_ids == ("AUTH-1-1.implement-1", "AUTH-1-1.implement-2")
    assert await measure(team.app, await team.person("zoe")) == []

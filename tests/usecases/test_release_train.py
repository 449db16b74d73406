"""The release train: replayed on past inputs, tried on a share of the tasks, live, and back by itself."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import as_owner
from callboard.domain.org.roster import ROSTER, Bound
from callboard.domain.workflow import WorkflowDefinition
from callboard.engine.tasks.track_record import TrackRecord, trial_failure
from callboard.ports.event_store import RunsWanted
from callboard.ports.records import AuditWanted
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.rig import rig
from callboard.testing.world import World, WorldWorkspaces
from callboard.usecases.board import show_task
from callboard.usecases.queueing import queue_task
from callboard.usecases.releasing import Release, release_version
from callboard.usecases.replaying import replay_agent
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.roster_moves import TrialWish, promote_agent, try_version
from callboard.usecases.roster_reading import find_in_roster
from callboard.usecases.spaces import NewSpace, create_space
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.trials import trial_standing
from callboard.usecases.worker import Worker
from callboard.usecases.workflows import apply_workflow

pytestmark = pytest.mark.anyio

ROOT = as_owner(Actor(kind="person", name="root"))


def script(*turns):
    return Script(turns=turns)


def call(tool, **arguments):
    return ScriptedCall.model_validate({"tool": tool, "arguments": arguments})


def puts(text, cost="0.5"):
    written = Turn(calls=(call("put", path="app.py", text=text),), cost_usd=Decimal(cost))
    return script(written, Turn(text="done", cost_usd=Decimal(0)))


def rules(verdict):
    said = Turn(calls=(call("set_output", **verdict),), cost_usd=Decimal(0))
    return script(said, Turn(text="ok", cost_usd=Decimal(0)))


SCRIPTS = {
    "good": puts("good"),
    "better": puts("good", "0.25"),
    "bad": puts("bad"),
    "asks": script(Turn(calls=(call("ask_user", questions=[{"question": "Which?"}]),))),
    "approves": rules({"verdict": "approve"}),
    "rejects": rules({"verdict": "reject", "reason": "no"}),
    "mumbles": script(Turn(text="well")),
}
FLOW = WorkflowDefinition.model_validate(
    {
        "id": "flow",
        "title": "Flow",
        "steps": [
            {
                "kind": "agent",
                "id": "implement",
                "title": "Implement",
                "agent": "writer",
                "checks": [{"kind": "command", "command": "grep good app.py"}],
                "max_attempts": 1,
            },
            {
                "kind": "agent",
                "id": "review",
                "title": "Review",
                "agent": "critic",
                "verdict": {},
                "on_reject": "implement",
            },
        ],
    }
)


def agent(id_, model):
    judge = id_ == "critic"
    return AgentDefinition.model_validate(
        {
            "id": id_,
            "display_name": id_.title(),
            "model": f"scripted/{model}",
            "tool_names": ("set_output", "end_turn") if judge else ("put", "ask_user", "end_turn"),
            "output_mode": "structured_output" if judge else "last_message",
        }
    )


@dataclass(frozen=True)
class Copies(WorldWorkspaces):
    """Private copies of the world, but for trees that are lost."""

    lost: set[str] = field(default_factory=set)

    async def branch(self, root, tree, destination):
        if tree in self.lost:
            raise ConfigurationInvalid(f"tree {tree} was never recorded here")
        await super().branch(root, tree, destination)


class Team:
    """A space in which a writer works and a critic reviews."""

    def __init__(self, app, world, workspaces):
        self.app, self.world, self.workspaces = app, world, workspaces
        self.worker = Worker(app)

    async def save(self, id_, model):
        return await save_agent(self.app, ROOT, NewVersion(agent(id_, model)))

    async def live(self, id_, model):
        version = await self.save(id_, model)
        return await promote_agent(self.app, ROOT, id_, version.number)

    async def tasks(self, count):
        keys = []
        for _ in range(count):
            task = await create_task(self.app, ROOT, "auth", NewTask("Add login"))
            await queue_task(self.app, ROOT, task.key)
            await self.worker.idle()
            keys.append(task.key)
        return (await show_task(self.app, ROOT, keys[-1])).task

    async def release(self, id_, model, **train):
        version = await self.save(id_, model)

        async def make(move):
            return await promote_agent(self.app, ROOT, id_, version.number, move)

        wish = Release(make, number=version.number, **train)
        return await release_version(self.app, ROOT, id_, wish)

    async def standing(self, id_="writer"):
        return (await find_in_roster(self.app, ROOT, id_)).agent

    async def last_note(self, id_="writer"):
        wanted = AuditWanted(record=(ROSTER.name, id_))
        entry, *_ = await self.app.records.audit(wanted)
        return entry.actor.name, entry.note


@pytest.fixture
async def team():
    world = World(files={"app.py": ""})
    workspaces = Copies(world)
    app = rig(ScriptedProvider(SCRIPTS), world=world, workspaces=workspaces)
    space = NewSpace("auth", "Auth", "AUTH", repository="/repository", workflow="flow")
    await create_space(app, ROOT, space)
    await apply_workflow(app, ROOT, FLOW)
    team = Team(app, world, workspaces)
    await team.live("writer", "good")
    await team.live("critic", "approves")
    yield team
    await app.close()


async def test_a_version_that_does_as_well_goes_live_with_both_sides_shown(team):
    await team.tasks(3)
    released = await team.release("writer", "better")
    before, after = released.replay.before, released.replay.after
    assert (before.passed, before.of, before.cost_usd) == (3, 3, Decimal("1.5"))
    assert (after.passed, after.of, after.cost_usd) == (3, 3, Decimal("0.75"))
    assert (await team.standing()).live == 2
    assert (await team.last_note())[1] == "version 2: replayed 3: 3 passed, before 3"


async def test_a_version_that_does_worse_stays_out_unless_it_is_forced(team):
    await team.tasks(2)
    refused = await team.release("writer", "bad")
    assert not refused.moved.made
    assert "passed 0 of 2 past inputs, the versions before 2" in refused.refused
    assert "grep good app.py" in refused.replay.cases[0].reason
    assert (await team.standing()).live == 1
    assert (await team.release("writer", "bad", force=True)).moved.made


async def test_a_replay_begins_with_the_files_and_words_of_then_and_serves_no_task(team):
    await team.tasks(1)
    team.world.files["app.py"] = "changed since"
    version = await team.save("writer", "better")
    replay = await replay_agent(team.app, ROOT, "writer", version.number)
    (case,) = replay.cases
    rows = {row.run_id: row for row in await team.app.ports.store.rows(RunsWanted(root_only=False))}
    assert (rows[case.run_id].task, rows[case.run_id].step) == (None, None)
    assert rows[case.run_id].space == "auth"
    assert (await show_task(team.app, ROOT, "AUTH-1")).task.runs == ("AUTH-1-1",)


async def test_no_more_inputs_are_replayed_than_wanted_the_latest_first(team):
    await team.tasks(4)
    version = await team.save("writer", "better")
    replay = await replay_agent(team.app, ROOT, "writer", version.number, count=2)
    assert [case.past.task for case in replay.cases] == ["AUTH-4", "AUTH-3"]
    for wrong in (0, 51):
        with pytest.raises(ConfigurationInvalid, match="1 to 50"):
            await replay_agent(team.app, ROOT, "writer", version.number, count=wrong)


async def test_a_judge_passes_with_any_verdict_and_fails_without(team):
    await team.tasks(1)
    strict = await team.release("critic", "rejects")
    assert (strict.replay.after.passed, strict.replay.cases[0].reason) == (1, "verdict: reject")
    mumbling = await team.release("critic", "mumbles")
    assert (mumbling.moved.made, mumbling.replay.after.passed) == (False, 0)


async def test_a_replay_that_would_ask_somebody_is_ended(team):
    await team.tasks(1)
    refused = await team.release("writer", "asks")
    (case,) = refused.replay.cases
    assert "waits for a person" in case.reason
    assert (await team.app.ports.store.row(case.run_id)).status == "cancelled"


async def test_without_a_past_there_is_nothing_to_replay(team):
    released = await team.release("writer", "better")
    assert (released.moved.made, released.replay.cases) == (True, ())
    skipped = await team.release("writer", "bad", replays=0)
    assert (skipped.moved.made, skipped.replay) == (True, None)
    assert (await team.last_note())[1] == "version 3: without a replay"


async def test_an_input_whose_files_are_gone_is_named_and_left_out(team):
    await team.tasks(2)
    version = await team.save("writer", "better")
    team.workspaces.lost.update(team.world.trees)
    replay = await replay_agent(team.app, ROOT, "writer", version.number)
    assert (len(replay.cases), len(replay.skipped)) == (0, 2)
    assert "never recorded" in replay.skipped[0].reason


async def test_a_trial_that_fails_its_bound_is_rolled_back_by_itself(team):
    await team.tasks(2)
    await team.save("writer", "bad")
    wish = TrialWish(1.0, bound=Bound(attempts=2, below_live=0.5))
    await try_version(team.app, ROOT, "writer", wish)
    await team.tasks(1)
    assert (await team.standing()).trial is not None, "one attempt is too few to tell"
    standing = await trial_standing(team.app, ROOT, "writer")
    assert standing is not None
    assert (standing.tried.acceptance, standing.live.acceptance) == (0.0, 1.0)
    await team.tasks(1)
    standing = await team.standing()
    assert (standing.state, standing.live, standing.trial) == ("live", 1, None)
    actor, note = await team.last_note()
    assert actor == "callboard"
    assert "the trial of version 2 failed: 0 of 2 attempts were accepted" in note
    assert (await team.tasks(1)).state == "done"


async def test_a_trial_that_holds_its_bound_goes_on(team):
    await team.tasks(1)
    await team.save("writer", "better")
    await try_version(team.app, ROOT, "writer", TrialWish(1.0, bound=Bound(attempts=1)))
    await team.tasks(3)
    assert (await team.standing()).trial is not None


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.floats(0, 1))
def test_a_trial_never_fails_for_doing_as_well_or_for_too_little(accepted, more, needed, margin):
    tried = TrackRecord(accepted, accepted + more)
    bound = Bound(attempts=max(needed, 1), below_live=margin)
    assert trial_failure(bound, tried, tried) == ""
    assert trial_failure(bound, tried, TrackRecord()) == ""
    if tried.finished < bound.attempts:
        assert trial_failure(bound, tried, TrackRecord(50, 50)) == ""


def test_a_least_acceptance_needs_no_live_version():
    bound = Bound(attempts=4, below_live=None, at_least=0.5)
    assert "less than 50%" in trial_failure(bound, TrackRecord(1, 4), TrackRecord())
    assert trial_failure(bound, TrackRecord(2, 4), TrackRecord(9, 9)) == ""

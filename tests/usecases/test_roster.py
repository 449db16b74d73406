"""The roster: versions that never change, one of which plays, and what a change of it touches."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, RecordConflict, UnknownThing
from callboard.domain.org.principal import as_owner
from callboard.domain.org.roster import ROSTER, Bound
from callboard.domain.workflow import WorkflowDefinition
from callboard.ports.records import AuditWanted
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.usecases.app import NotAllowed
from callboard.usecases.blast_radius import blast_radius
from callboard.usecases.people import NewPerson, add_person, principal_of
from callboard.usecases.queueing import queue_task
from callboard.usecases.roster import NewVersion, change_agent, save_agent
from callboard.usecases.roster_moves import (
    Move,
    TrialWish,
    pause_agent,
    promote_agent,
    resume_agent,
    retire_agent,
    roll_back_agent,
    try_version,
)
from callboard.usecases.roster_reading import (
    diff_versions,
    find_in_roster,
    list_roster,
    roster_versions,
)
from callboard.usecases.spaces import NewSpace, create_space, set_member
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.workflows import apply_workflow

pytestmark = pytest.mark.anyio

ROOT = as_owner(Actor(kind="person", name="root"))


def writer(prompt="Write.", **fields):
    plain = {"id": "writer", "display_name": "Writer", "model": "acme/model-1"}
    return AgentDefinition.model_validate({**plain, "system_prompt": prompt, **fields})


def flow(id_="flow", **step):
    plain = {"kind": "agent", "id": "implement", "title": "Implement"}
    steps = [{**plain, **(step or {"agent": "writer"})}]
    return WorkflowDefinition.model_validate({"id": id_, "title": "Flow", "steps": steps})


@pytest.fixture
async def app():
    app = rig(ScriptedProvider({}))
    for space in ("auth", "shop"):
        wish = NewSpace(space, space, space.upper(), repository="/repository", workflow="flow")
        await create_space(app, ROOT, wish)
    for name in ("ann", "mia"):
        await add_person(app, ROOT, NewPerson(name, name.title()))
    await set_member(app, ROOT, "auth", "person:ann", "contributor")
    await set_member(app, ROOT, "auth", "person:mia", "maintainer")
    yield app
    await app.close()


async def person(app, name):
    found = await principal_of(app, Actor(kind="person", name=name))
    assert found is not None
    return found


async def saved(app, prompt="Write.", who=ROOT, spaces=None, note="", **fields):
    return await save_agent(app, who, NewVersion(writer(prompt, **fields), spaces, note=note))


async def test_a_new_agent_is_a_draft_of_whoever_saved_it_and_plays_nowhere(app):
    version = await saved(app, note="the first one")
    listed = await find_in_roster(app, ROOT, "writer")
    assert (listed.agent.state, listed.agent.live, listed.agent.owner) == (
        "draft",
        None,
        "person:root",
    )
    assert (version.number, version.note, version.author) == (1, "the first one", ROOT.actor)
    assert version.digest == writer().digest


async def test_the_same_definition_is_never_saved_twice(app):
    assert [(await saved(app, text)).number for text in ("a", "b", "a", "b", "c")] == [
        1,
        2,
        1,
        2,
        3,
    ]
    assert [one.number for one in await roster_versions(app, ROOT, "writer")] == [3, 2, 1]


async def test_live_follows_promotion_and_goes_back_step_by_step(app):
    for text in ("a", "b", "c"):
        await saved(app, text)
        await promote_agent(app, ROOT, "writer")
    assert [(await roll_back_agent(app, ROOT, "writer")).agent.live for _ in range(2)] == [2, 1]
    with pytest.raises(ConfigurationInvalid, match="nothing to go back to"):
        await roll_back_agent(app, ROOT, "writer")
    assert (await promote_agent(app, ROOT, "writer", 3)).agent.live == 3
    with pytest.raises(UnknownThing, match="no version 9"):
        await promote_agent(app, ROOT, "writer", 9)


async def test_saving_leaves_what_is_live_alone(app):
    await saved(app)
    await promote_agent(app, ROOT, "writer")
    await saved(app, "Write better.")
    assert (await find_in_roster(app, ROOT, "writer")).version.number == 1


async def test_a_trial_ends_with_promotion_or_rollback(app):
    await saved(app, "a")
    trial = TrialWish(0.25, bound=Bound(attempts=3))
    assert (await try_version(app, ROOT, "writer", trial)).agent.state == "trial"
    assert (await roll_back_agent(app, ROOT, "writer")).agent.state == "draft"
    await try_version(app, ROOT, "writer", trial)
    promoted = (await promote_agent(app, ROOT, "writer")).agent
    assert (promoted.state, promoted.live, promoted.trial) == ("live", 1, None)
    with pytest.raises(ConfigurationInvalid, match="live already"):
        await try_version(app, ROOT, "writer", trial)
    await saved(app, "b")
    assert (await try_version(app, ROOT, "writer", trial)).agent.state == "live"
    with pytest.raises(ConfigurationInvalid, match="share"):
        await try_version(app, ROOT, "writer", TrialWish(1.5))


async def test_who_is_paused_or_retired_comes_back_as_it_was(app):
    await saved(app)
    with pytest.raises(ConfigurationInvalid, match="is a draft"):
        await pause_agent(app, ROOT, "writer")
    await promote_agent(app, ROOT, "writer")
    assert (await pause_agent(app, ROOT, "writer")).agent.state == "paused"
    assert (await resume_agent(app, ROOT, "writer")).agent.state == "live"
    assert (await retire_agent(app, ROOT, "writer")).agent.state == "retired"
    for move in (promote_agent, roll_back_agent, retire_agent):
        with pytest.raises(ConfigurationInvalid, match="is retired"):
            await move(app, ROOT, "writer")
    assert (await resume_agent(app, ROOT, "writer")).agent.live == 1


async def test_a_change_touches_the_workflows_spaces_tasks_and_people_that_use_the_agent(app):
    await saved(app, skills=("code",))
    await promote_agent(app, ROOT, "writer")
    await apply_workflow(app, ROOT, flow())
    await apply_workflow(app, ROOT, flow("by-skill", skills=("code",)), space="shop")
    await apply_workflow(app, ROOT, flow("pinned", agent="writer@1"))
    await apply_workflow(app, ROOT, flow("other", agent="critic"))
    for title in ("One", "Two"):
        await create_task(app, ROOT, "auth", NewTask(title))
    await queue_task(app, ROOT, "AUTH-2")
    touched = await blast_radius(app, ROOT, "writer")
    ways = {
        one.id: dict(one.steps) for one in touched.workflows if one.id != "implement-review-deploy"
    }
    assert ways == {
        "flow": {"implement": "named"},
        "by-skill": {"implement": "skills"},
        "pinned": {"implement": "pinned"},
    }
    assert (touched.spaces, touched.queued, touched.under_way) == (
        ("auth", "shop"),
        ("AUTH-2",),
        (),
    )
    assert touched.people == ("person:ann", "person:mia")
    seen = await blast_radius(app, await person(app, "ann"), "writer")
    assert (seen.spaces, seen.hidden) == (("auth",), 1)
    assert "by-skill" not in {one.id for one in seen.workflows}


async def test_an_agent_in_use_is_retired_only_on_purpose(app):
    await saved(app)
    await promote_agent(app, ROOT, "writer")
    await apply_workflow(app, ROOT, flow())
    await create_task(app, ROOT, "auth", NewTask("One"))
    await queue_task(app, ROOT, "AUTH-1")
    with pytest.raises(
        ConfigurationInvalid, match=r"workflow flow \(implement\); task AUTH-1.*--force"
    ):
        await retire_agent(app, ROOT, "writer")
    assert (await retire_agent(app, ROOT, "writer", force=True)).agent.state == "retired"


async def test_a_dry_move_says_what_it_touches_and_changes_nothing(app):
    await saved(app)
    await apply_workflow(app, ROOT, flow())
    before = await app.records.get(ROSTER, "writer")
    moved = await promote_agent(app, ROOT, "writer", move=Move(dry=True))
    assert (moved.made, moved.agent.live) == (False, 1)
    assert "flow" in {one.id for one in moved.touches.workflows}
    assert await app.records.get(ROSTER, "writer") == before


async def test_a_change_of_what_was_changed_meanwhile_is_refused(app):
    await saved(app)
    seen = (await find_in_roster(app, ROOT, "writer")).revision
    await promote_agent(app, ROOT, "writer", move=Move(revision=seen))
    for late in (
        promote_agent(app, ROOT, "writer", move=Move(revision=seen)),
        change_agent(app, ROOT, "writer", {"at_once": 3}, revision=seen),
        save_agent(app, ROOT, NewVersion(writer("x")), revision=seen),
    ):
        with pytest.raises(RecordConflict, match="changed meanwhile"):
            await late


async def test_of_two_who_save_at_the_same_moment_nobody_loses_a_version(app):
    await saved(app)
    both = (saved(app, "a"), saved(app, "b"))
    results = await asyncio.gather(*both, return_exceptions=True)
    written = {one.digest for one in results if not isinstance(one, BaseException)}
    assert all(isinstance(one, RecordConflict) for one in results if isinstance(one, BaseException))
    assert written <= {one.digest for one in await roster_versions(app, ROOT, "writer")}


async def test_a_definition_with_a_secret_stays_out(app):
    key = "sk-ant-api03-" + "Qm7Zt2Kx9Lp4Vn8Rw3Yb" * 4 + "-AA"
    with pytest.raises(ConfigurationInvalid, match="secret in systemPrompt") as refused:
        await saved(app, f"Use the key {key}.")
    assert key not in str(refused.value)
    with pytest.raises(ConfigurationInvalid, match="mcpServers"):
        await saved(
            app, mcp_servers={"x": {"command": "y", "env": {"API_KEY": "h8Jk2Lq9Zx4Cv7Bn1M0pQw"}}}
        )


async def test_a_diff_shows_prompts_line_by_line(app):
    await saved(app, "Write.\nBe kind.")
    await saved(app, "Write.\nBe short.")
    text = await diff_versions(app, ROOT, "writer", 1, 2)
    assert "-  Be kind." in text
    assert "+  Be short." in text
    assert "--- writer@1" in text


async def test_maintainers_manage_the_agents_of_their_spaces_only(app):
    mia, ann = await person(app, "mia"), await person(app, "ann")
    await saved(app, who=mia, spaces=("auth",))
    assert (await promote_agent(app, mia, "writer")).agent.live == 1
    for refused in (
        saved(app, "x", who=ann),
        promote_agent(app, ann, "writer"),
        pause_agent(app, ann, "writer"),
        change_agent(app, mia, "writer", {"spaces": None}),
        save_agent(app, mia, NewVersion(writer(id="other"))),
    ):
        with pytest.raises(NotAllowed):
            await refused
    with pytest.raises(UnknownThing, match="shop"):
        await change_agent(app, mia, "writer", {"spaces": ("auth", "shop")})
    assert [one.agent.id for one in await list_roster(app, ann)] == ["writer"]


async def test_agents_of_other_spaces_are_not_there(app):
    await saved(app, spaces=("shop",))
    mia = await person(app, "mia")
    assert await list_roster(app, mia) == []
    for hidden in (
        find_in_roster(app, mia, "writer"),
        blast_radius(app, mia, "writer"),
        promote_agent(app, mia, "writer"),
        saved(app, "x", who=mia, spaces=("auth",)),
    ):
        with pytest.raises(UnknownThing):
            await hidden


async def test_a_program_may_save_a_version_but_not_make_it_live(app):
    bot = as_owner(Actor(kind="integration", name="bot"))
    await saved(app, who=bot)
    with pytest.raises(NotAllowed):
        await promote_agent(app, bot, "writer")


async def test_who_answers_for_an_agent_belongs_to_the_organisation(app):
    await saved(app)
    owned = await change_agent(app, ROOT, "writer", {"owner": "person:ann"})
    assert owned.owner == "person:ann"
    with pytest.raises(UnknownThing, match="person:nobody"):
        await change_agent(app, ROOT, "writer", {"owner": "person:nobody"})
    with pytest.raises(UnknownThing, match="integration:ann"):
        await save_agent(app, ROOT, NewVersion(writer(id="other"), owner="integration:ann"))
    with pytest.raises(ConfigurationInvalid, match="owner"):
        await change_agent(app, ROOT, "writer", {"owner": "ann"})
    with pytest.raises(ConfigurationInvalid, match="state of an agent cannot be changed"):
        await change_agent(app, ROOT, "writer", {"state": "live"})


async def test_every_change_is_in_the_audit_log_with_its_reason(app):
    await saved(app)
    await promote_agent(app, ROOT, "writer", move=Move("it is good"))
    entry, *_ = await app.records.audit(AuditWanted(record=("roster_agent", "writer")))
    assert (entry.action, entry.note) == ("agent.publish", "version 1: it is good")


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.sampled_from(["save", "promote", "try", "back", "pause", "resume", "retire"]),
        max_size=25,
    )
)
def test_whatever_is_done_live_and_trial_are_versions_that_exist(moves):
    async def story():
        app = rig(ScriptedProvider({}))
        await saved(app, "0")
        seen: dict[int, str] = {}
        for n, move in enumerate(moves):
            try:
                match move:
                    case "save":
                        await saved(app, str(n))
                    case "promote":
                        await promote_agent(app, ROOT, "writer")
                    case "try":
                        await try_version(app, ROOT, "writer", TrialWish(0.5))
                    case "back":
                        await roll_back_agent(app, ROOT, "writer")
                    case "pause":
                        await pause_agent(app, ROOT, "writer")
                    case "resume":
                        await resume_agent(app, ROOT, "writer")
                    case _:
                        await retire_agent(app, ROOT, "writer")
            except ConfigurationInvalid:
                pass
            agent = (await find_in_roster(app, ROOT, "writer")).agent
            type(agent).model_validate(agent.model_dump())
            versions = {
                one.number: one.digest for one in await roster_versions(app, ROOT, "writer")
            }
            assert versions == versions | seen, "a version never changes"
            assert len(set(versions.values())) == len(versions)
            pointed = {agent.live, *agent.earlier, agent.trial and agent.trial.version} - {None}
            assert pointed <= versions.keys()
            seen = versions
        await app.close()

    asyncio.run(story())

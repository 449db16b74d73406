"""A team as files: what goes out comes in again the same, after a look at the difference, and no secret with it."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callboard.bootstrap import read_bundle
from callboard.definitions.bundle import LOCK, write_bundle
from callboard.definitions.findings import Findings
from callboard.definitions.syntax.yaml_source import read_yaml
from callboard.definitions.written import as_yaml
from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, DefinitionInvalid, UnknownThing
from callboard.domain.org.bundle import Bundle, Lock, LockedAgent
from callboard.domain.org.principal import as_owner
from callboard.domain.workflow import WorkflowDefinition
from callboard.ports.records import AuditWanted
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.usecases.app import NotAllowed
from callboard.usecases.exchange import export_team, import_team, show_import
from callboard.usecases.incoming import ImportWish
from callboard.usecases.people import NewPerson, add_person, principal_of
from callboard.usecases.role_templates import (
    NewTemplate,
    find_role_template,
    remove_template,
    save_template,
)
from callboard.usecases.roster import NewVersion, change_agent, save_agent
from callboard.usecases.roster_moves import promote_agent, retire_agent
from callboard.usecases.roster_reading import find_in_roster
from callboard.usecases.spaces import NewSpace, create_space, set_member
from callboard.usecases.workflows import apply_workflow, find_workflow

pytestmark = pytest.mark.anyio

ROOT = as_owner(Actor(kind="person", name="root"))
PROMPT = "Write.\n\n  - no tabs: \t\n# not a comment\n"
FLOW = WorkflowDefinition.model_validate(
    {
        "id": "flow",
        "title": "Flow: 1",
        "steps": [
            {"kind": "agent", "id": "work", "title": "Work", "agent": "writer"},
            {"kind": "people", "id": "sign", "title": "Sign", "on_reject": "work"},
        ],
    }
)


def agent(id_="writer", prompt=PROMPT, **fields):
    plain = {"id": id_, "display_name": "Writer", "model": "acme/model-1", "skills": ("code",)}
    return AgentDefinition.model_validate({**plain, "system_prompt": prompt, **fields})


@pytest.fixture
async def here():
    app = rig(ScriptedProvider({}))
    await create_space(app, ROOT, NewSpace("auth", "Auth", "AUTH"))
    await save_agent(app, ROOT, NewVersion(agent(), ("auth",)))
    await promote_agent(app, ROOT, "writer")
    await change_agent(app, ROOT, "writer", {"at_once": 3})
    await save_agent(app, ROOT, NewVersion(agent("idea", "x")))
    await save_agent(app, ROOT, NewVersion(agent("gone", "y")))
    await retire_agent(app, ROOT, "gone")
    await apply_workflow(app, ROOT, FLOW)
    yield app
    await app.close()


@pytest.fixture
async def there():
    app = rig(ScriptedProvider({}))
    await create_space(app, ROOT, NewSpace("auth", "Auth", "AUTH"))
    yield app
    await app.close()


async def taken_out(app, folder):
    write_bundle(await export_team(app, ROOT), folder)
    return read_bundle(folder)


async def test_what_goes_out_comes_in_the_same(here, there, tmp_path):
    bundle = await taken_out(here, tmp_path / "team")
    done = await import_team(there, ROOT, ImportWish(bundle, note="from here"))
    assert {(one.id, one.change, one.live) for one in done.incoming} == {
        ("writer", "new", True),
        ("idea", "new", False),
        ("flow", "new", True),
    }
    for name in ("writer", "idea"):
        mine, theirs = [await find_in_roster(app, ROOT, name) for app in (here, there)]
        assert mine.version.digest == theirs.version.digest
        assert (mine.agent.state, mine.agent.spaces, mine.agent.at_once) == (
            (theirs.agent.state, theirs.agent.spaces, theirs.agent.at_once)
        )
    assert (await find_workflow(there, ROOT, "flow")).definition == FLOW
    entry, *_ = await there.records.audit(AuditWanted())
    assert (entry.note, len(entry.differences)) == ("import of 3 definitions: from here", 6)


async def test_bringing_the_same_in_again_changes_nothing(here, tmp_path):
    bundle = await taken_out(here, tmp_path / "team")
    before = await here.records.audit(AuditWanted())
    done = await import_team(here, ROOT, ImportWish(bundle))
    assert {one.change for one in done.incoming} == {"same"}
    assert {one.diff for one in done.incoming} == {""}
    assert await here.records.audit(AuditWanted()) == before


async def test_a_look_shows_the_difference_and_changes_nothing(here, there, tmp_path):
    bundle = await taken_out(here, tmp_path / "team")
    await save_agent(there, ROOT, NewVersion(agent(prompt="Write.\nBe kind."), ("auth",)))
    before = await there.records.audit(AuditWanted())
    found = {one.id: one for one in (await show_import(there, ROOT, ImportWish(bundle))).incoming}
    assert (found["writer"].change, found["writer"].version) == ("changed", 2)
    assert "-  Be kind." in found["writer"].diff
    assert await there.records.audit(AuditWanted()) == before


async def test_what_was_edited_comes_in_only_on_purpose(here, there, tmp_path):
    folder = tmp_path / "team"
    await taken_out(here, folder)
    file = folder / "agents" / "idea.yaml"
    file.write_text(file.read_text().replace("systemPrompt: x", "systemPrompt: better"))
    (folder / "workflows" / "flow.yaml").unlink()
    bundle = read_bundle(folder)
    with pytest.raises(ConfigurationInvalid, match=r"idea.yaml, workflows/flow.yaml.*--edited"):
        await import_team(there, ROOT, ImportWish(bundle))
    await import_team(there, ROOT, ImportWish(bundle, edited=True))
    found = (await find_in_roster(there, ROOT, "idea")).version.definition
    assert found.system_prompt == "better"


async def test_everything_comes_in_or_nothing(here, there, tmp_path):
    bundle = await taken_out(here, tmp_path / "team")
    await apply_workflow(there, ROOT, FLOW, space="auth")
    with pytest.raises(ConfigurationInvalid, match="belongs to space auth"):
        await import_team(there, ROOT, ImportWish(bundle))
    with pytest.raises(UnknownThing):
        await find_in_roster(there, ROOT, "writer")


async def test_a_space_that_is_not_there_is_named_and_can_be_another(here, tmp_path):
    bundle = await taken_out(here, tmp_path / "team")
    app = rig(ScriptedProvider({}))
    with pytest.raises(UnknownThing, match="no space 'auth'"):
        await show_import(app, ROOT, ImportWish(bundle))
    await create_space(app, ROOT, NewSpace("shop", "Shop", "SHOP"))
    await import_team(app, ROOT, ImportWish(bundle, spaces=("shop",)))
    assert (await find_in_roster(app, ROOT, "writer")).agent.spaces == ("shop",)
    await app.close()


async def test_nobody_brings_in_what_they_may_not_change(here, there, tmp_path):
    bundle = await taken_out(here, tmp_path / "team")
    await add_person(there, ROOT, NewPerson("mia", "Mia"))
    await set_member(there, ROOT, "auth", "person:mia", "maintainer")
    mia = await principal_of(there, Actor(kind="person", name="mia"))
    assert mia is not None
    with pytest.raises(NotAllowed):
        await import_team(there, mia, ImportWish(bundle))
    writer = Bundle({"writer": agent()}, {}, Lock(agents={"writer": bundle.lock.agents["writer"]}))
    await import_team(there, mia, ImportWish(writer))
    bot = as_owner(Actor(kind="integration", name="bot"))
    better = agent(prompt="Better.")
    locked = LockedAgent(version=2, digest=better.digest, state="live", spaces=("auth",))
    live = Bundle({"writer": better}, {}, Lock(agents={"writer": locked}))
    with pytest.raises(NotAllowed):
        await import_team(there, bot, ImportWish(live))


async def test_no_secret_goes_out_or_comes_in(here):
    key = "sk-ant-api03-" + "Qm7Zt2Kx9Lp4Vn8Rw3Yb" * 4 + "-AA"
    leaky = agent("leaky", f"Use {key}")
    with pytest.raises(ConfigurationInvalid, match="secret in systemPrompt"):
        await import_team(here, ROOT, ImportWish(Bundle({"leaky": leaky}), edited=True))
    step = FLOW.steps[0].model_copy(update={"instructions": f"Use {key}"})
    await apply_workflow(here, ROOT, FLOW.model_copy(update={"steps": (step,)}))
    with pytest.raises(ConfigurationInvalid, match=r"workflow flow.*secret in steps") as refused:
        await export_team(here, ROOT)
    assert key not in str(refused.value)


async def test_an_export_is_written_over_an_earlier_one_and_nothing_else(here, tmp_path):
    folder = tmp_path / "team"
    await taken_out(here, folder)
    (folder / "README.md").write_text("ours")
    await retire_agent(here, ROOT, "idea")
    bundle = await taken_out(here, folder)
    assert sorted(bundle.agents) == ["writer"]
    assert (folder / "README.md").read_text() == "ours"
    (folder / LOCK).unlink()
    with pytest.raises(ConfigurationInvalid, match="is no export"):
        read_bundle(folder)
    with pytest.raises(ConfigurationInvalid, match="holds something that is no export"):
        write_bundle(bundle, folder)


async def test_every_problem_of_every_file_is_named(here, tmp_path):
    folder = tmp_path / "team"
    await taken_out(here, folder)
    (folder / "agents" / "idea.yaml").write_text("id: idea\ndisplayName: I\nmodel: 3\n")
    (folder / "workflows" / "flow.yaml").write_text("id: flow\ntitle: F\nsteps: []\n")
    with pytest.raises(DefinitionInvalid) as wrong:
        read_bundle(folder)
    assert {Path(one.file).name for one in wrong.value.problems} == {"idea.yaml", "flow.yaml"}
    (folder / LOCK).write_text("format: 2\n")
    with pytest.raises(DefinitionInvalid, match="format"):
        read_bundle(folder)


texts = st.text(st.characters(codec="utf-8"))
spoken = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
"""What a definition may say: everything but NUL."""


@example(None, "a line\n\x85")
@example(None, "a line\n\u2028and another\u2029\n")
@given(st.recursive(texts | st.booleans() | st.integers(-9, 9), st.lists, max_leaves=8), texts)
def test_every_text_is_read_as_it_was_written(value, text):
    findings = Findings("file")
    plain = {"value": value, "text": text}
    assert read_yaml(as_yaml(plain), findings) == plain
    assert not findings.problems


@settings(deadline=None, max_examples=25)
@given(spoken, spoken.filter(str.strip), st.floats(0, 1000, allow_nan=False))
def test_a_definition_keeps_its_digest_on_its_way(prompt, name, cost):
    limits = {"cost_usd": cost}
    definition = agent(prompt=prompt, display_name=name, limits=limits)
    with tempfile.TemporaryDirectory() as place:
        write_bundle(Bundle({"writer": definition}), Path(place))
        assert read_bundle(Path(place)).agents["writer"].digest == definition.digest


async def test_roles_travel_with_their_examples_and_what_is_there_already_stays(
    here, there, tmp_path
):
    await save_template(here, ROOT, NewTemplate("writer", id="author", task="Write.\nAll of it.\n"))
    write_bundle(await export_team(here, ROOT), tmp_path / "team")
    wish = ImportWish(read_bundle(tmp_path / "team"))
    shown = {one.id: one for one in (await show_import(there, ROOT, wish)).incoming}
    assert (shown["author"].kind, shown["author"].change) == ("template", "new")
    await import_team(there, ROOT, wish)
    brought = await find_role_template(there, ROOT, "author")
    assert (brought.definition.id, brought.task) == ("author", "Write.\nAll of it.\n")
    again = await show_import(there, ROOT, wish)
    assert {one.change for one in again.incoming} == {"same"}
    (tmp_path / "team" / "templates" / "author.task.txt").write_text("Another.\n")
    edited = ImportWish(read_bundle(tmp_path / "team"))
    assert (await show_import(there, ROOT, edited)).edited == ("templates/author.yaml",)


async def test_an_export_without_a_role_that_was_there_takes_its_files_away(here, tmp_path):
    await save_template(here, ROOT, NewTemplate("writer", id="author"))
    write_bundle(await export_team(here, ROOT), tmp_path / "team")
    await remove_template(here, ROOT, "author")
    write_bundle(await export_team(here, ROOT), tmp_path / "team")
    assert not list((tmp_path / "team" / "templates").iterdir())

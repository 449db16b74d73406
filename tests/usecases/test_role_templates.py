"""Roles to start from: the organisation's own beside those that come with the product."""

import pytest

from callboard.definitions.role_templates import ROLES
from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.usecases.app import NotAllowed
from callboard.usecases.people import NewPerson, add_person, principal_of
from callboard.usecases.role_templates import (
    NewTemplate,
    find_role_template,
    list_role_templates,
    remove_template,
    save_template,
)
from callboard.usecases.roster import NewVersion, save_agent
from tests.usecases.test_roster import ROOT, writer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def app():
    made = rig(ScriptedProvider({}))
    await save_agent(made, ROOT, NewVersion(writer("first")))
    await save_agent(made, ROOT, NewVersion(writer("second", credential="team")))
    return made


async def test_an_agent_becomes_a_role_that_everybody_can_start_from(app):
    await save_template(app, ROOT, NewTemplate("writer", task="Write about ships."))
    found = await find_role_template(app, ROOT, "writer")
    assert (found.definition.system_prompt, found.task) == ("second", "Write about ships.")
    listed = [one.definition.id for one in await list_role_templates(app, ROOT)]
    assert listed == ["writer", *ROLES]


async def test_a_version_can_be_named_and_the_role_called_something_else(app):
    await save_template(app, ROOT, NewTemplate("writer", 1, "author"))
    found = await find_role_template(app, ROOT, "author")
    assert (found.definition.id, found.definition.system_prompt) == ("author", "first")


async def test_one_of_our_own_stands_in_place_of_its_namesake_until_it_is_removed(app):
    shipped = await find_role_template(app, ROOT, "planner")
    await save_template(app, ROOT, NewTemplate("writer", id="planner"))
    assert (await find_role_template(app, ROOT, "planner")).definition.system_prompt == "second"
    assert len(await list_role_templates(app, ROOT)) == len(ROLES)
    await remove_template(app, ROOT, "planner")
    assert await find_role_template(app, ROOT, "planner") == shipped
    with pytest.raises(UnknownThing, match="comes with the product"):
        await remove_template(app, ROOT, "planner")


async def test_saved_again_it_is_the_newer_one(app):
    await save_template(app, ROOT, NewTemplate("writer", 1))
    await save_template(app, ROOT, NewTemplate("writer", 2))
    assert (await find_role_template(app, ROOT, "writer")).definition.system_prompt == "second"


@pytest.mark.parametrize(
    "wish", [NewTemplate("nobody"), NewTemplate("writer", 7), NewTemplate("writer", id="No Id")]
)
async def test_what_is_not_there_or_does_not_fit_is_refused(app, wish):
    with pytest.raises((UnknownThing, ConfigurationInvalid)):
        await save_template(app, ROOT, wish)
    assert len(await list_role_templates(app, ROOT)) == len(ROLES)


async def test_members_start_from_roles_and_do_not_keep_any(app):
    await add_person(app, ROOT, NewPerson("mia", "Mia"))
    mia = await principal_of(app, Actor(kind="person", name="mia"))
    assert mia is not None
    await save_template(app, ROOT, NewTemplate("writer"))
    assert (await find_role_template(app, mia, "writer")).definition.id == "writer"
    for refused in (
        save_template(app, mia, NewTemplate("writer")),
        remove_template(app, mia, "writer"),
    ):
        with pytest.raises(NotAllowed):
            await refused

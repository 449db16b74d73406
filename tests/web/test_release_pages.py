"""Releasing a version from its page: past work done again, refused where it is worse, forced, tried."""

import pytest

from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.testing.world import World
from callboard.usecases.spaces import NewSpace, create_space
from callboard.usecases.workflows import apply_workflow
from tests.usecases.test_release_train import FLOW, ROOT, SCRIPTS, Copies, Team
from tests.web.conftest import opened

pytestmark = pytest.mark.anyio
PAGE = "/agents/writer/release?version=2"


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
    await team.tasks(2)
    return team


@pytest.fixture
async def pages(team):
    async with opened(team.app) as found:
        await found.sign_in("ann", "owner")
        yield found


async def release(pages, **fields):
    marks = await pages.marks(PAGE)
    return await pages.post(
        "/agents/writer/release", {"version": "2", "how": "live"} | fields | marks
    )


async def test_a_version_that_does_as_well_goes_live_and_the_record_says_what_was_replayed(
    team, pages
):
    await team.save("writer", "better")
    answer = await release(pages, replays="5", note="Cheaper")
    assert answer.status_code == 303
    assert (await team.standing()).live == 2
    assert (await team.last_note())[1] == "version 2: Cheaper; replayed 2: 2 passed, before 2"


async def test_a_version_that_does_worse_is_shown_case_by_case_and_stays_out(team, pages):
    await team.save("writer", "bad")
    answer = await release(pages, replays="5")
    assert answer.status_code == 422
    for said in (
        "It was not released.",
        "passed 0 of 2 past inputs",
        "did not pass",
        "grep good app.py",
        "AUTH-2",
    ):
        assert said in answer.text
    assert (await team.standing()).live == 1
    answer = await release(pages, replays="5", force="on")
    assert answer.status_code == 303
    assert (await team.standing()).live == 2


async def test_a_page_tells_what_a_release_touches(team, pages):
    await team.save("writer", "better")
    text = (await pages.get(PAGE)).text
    assert 'href="/workflows/flow"' in text
    assert "implement by name" in text
    assert 'href="/spaces/auth"' in text


async def test_a_trial_that_cannot_be_is_refused_and_says_why(team, pages):
    await team.save("writer", "better")
    for fields, said in (
        ({"share": "0"}, "from 1 to 100"),
        ({"share": "ten"}, "from 1 to 100"),
        ({"below_live": "101"}, "from 1 to 100"),
        ({"attempts": "0"}, "attempts"),
        ({"version": "1"}, "is live already"),
        ({"version": "9"}, "no version 9"),
        ({"replays": "500"}, "0 to 20"),
    ):
        answer = await release(pages, how="try", **fields)
        assert answer.status_code in (404, 422), fields
        assert said in answer.text, fields
    assert (await team.standing()).trial is None


async def test_what_was_changed_since_the_page_was_made_is_not_released_over(team, pages):
    await team.save("writer", "better")
    answer = await release(pages, revision="1")
    assert answer.status_code in (409, 422)
    assert "changed meanwhile" in answer.text
    assert (await team.standing()).live == 1

"""What pages call things: by the names that people gave them, and what a page is by its own."""

import re

import pytest

from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.spaces import NewSpace, create_space
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.workflows import apply_workflow
from tests.usecases.test_roster import flow, writer
from tests.web.conftest import ROOT

pytestmark = pytest.mark.anyio


@pytest.fixture
async def space(ann):
    return await create_space(ann.app, ROOT, NewSpace("auth", "Sign-in", "AUTH"))


def title_of(page):
    found = re.search("<title>(.*) · Callboard</title>", page.text)
    assert found is not None
    return found[1]


async def test_a_credential_is_for_a_space_by_its_name(ann, space):
    await save_agent(ann.app, ROOT, NewVersion(writer()))
    form = (await ann.get("/credentials")).text
    for value, words in (
        ("org", "Everybody"),
        ("space:auth", "Space Sign-in"),
        ("agent:writer", "Agent Writer"),
    ):
        assert re.search(f'<option value="{value}"( selected)?>{words}</option>', form)
    wish = {"name": "key", "provider": "openai", "scope": "space:auth", "secret": "sk-0123456789"}
    stored = await ann.post("/credentials", wish | await ann.marks("/credentials"))
    assert stored.status_code == 303
    assert '<a href="/spaces/auth">Sign-in</a>' in (await ann.get("/credentials")).text
    one = (await ann.get("/credentials/key?scope=space:auth")).text
    assert '<dt>For</dt><dd><a href="/spaces/auth">Sign-in</a></dd>' in one


async def test_a_schedule_and_a_hook_are_of_a_space_by_its_name(ann, space):
    task = {"title": "Look", "priority": "normal", "space": "auth"}
    due = {"id": "daily", "cron": "0 7 * * *", "zone": "UTC"} | task
    assert (await ann.post("/schedules", due | await ann.marks("/new/schedule"))).status_code == 303
    hook = {"id": "desk"} | task
    assert (await ann.post("/incoming", hook | await ann.marks("/new/hook"))).status_code == 200
    for path in ("/schedules", "/hooks"):
        assert "<td>Sign-in</td>" in (await ann.get(path)).text
    for path in ("/schedules/daily", "/hooks/desk"):
        assert '<a href="/spaces/auth">Sign-in</a>' in (await ann.get(path)).text


@pytest.mark.parametrize("path", ["/new/schedule", "/new/hook"])
async def test_where_there_is_no_space_yet_the_way_leads_to_the_first_one(ann, path):
    page = (await ann.get(path)).text
    assert '<a class="btn primary" href="/new/space">Create a space</a>' in page
    assert "Not yours to add" not in page


async def test_what_a_webhook_is_told_has_words_beside_its_names(ann, space):
    page = (await ann.get("/new/webhook")).text
    for name, words in (
        ("gate.opened", "A decision is waited for"),
        ("task.failed", "A task failed"),
    ):
        assert re.search(f'value="{name}"><span>{words}<br><span[^>]*>{name}</span>', page)


async def test_each_page_of_an_agent_has_a_title_of_its_own(ann):
    await save_agent(ann.app, ROOT, NewVersion(writer()))
    sides = ("", "/config", "/versions", "/performance", "/activity")
    titles = [title_of(await ann.get(f"/agents/writer{side}")) for side in sides]
    assert titles == [
        "Writer", "Writer: Configuration", "Writer: Versions", "Writer: Performance", "Writer: Activity",
    ]  # fmt: skip


async def test_a_task_and_a_workflow_are_of_a_space_by_its_name(ann, space):
    await apply_workflow(ann.app, ROOT, flow(), space="auth")
    task = await create_task(
        ann.app, ROOT, "auth", NewTask("Look", workflow="flow", repository="/srv/auth")
    )
    assert ">Sign-in</a>" in (await ann.get(f"/tasks/{task.key}")).text.partition("<main")[0]
    assert "<td>Sign-in</td>" in (await ann.get("/workflows")).text
    assert "<dd>Sign-in</dd>" in (await ann.get("/workflows/flow")).text


async def test_what_an_agent_is_for_is_told_in_full_on_its_own_page(ann):
    told = (
        "Reviews a change for correctness, tests, clarity and fit with the code base in every space"
    )
    await save_agent(ann.app, ROOT, NewVersion(writer(spawner_prompt=f"{told}. Reads only.")))
    assert f"<b>{told}</b>" in (await ann.get("/agents/writer")).text
    assert f"{told[:69]}…" in (await ann.get("/agents")).text

"""Who may not, on every route: a matrix over the OpenAPI document. A new route without a row here fails."""

import pytest

from callboard.domain.org.template import TaskTemplate
from callboard.entrance.door import OPEN
from callboard.usecases.attachments import attach
from callboard.usecases.credentials import new_grant, set_credential
from callboard.usecases.hooks import NewHook, add_hook
from callboard.usecases.role_templates import NewTemplate, save_template
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.schedules import NewSchedule, add_schedule
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.webhooks import NewWebhook, add_webhook
from callboard.usecases.workflows import apply_workflow, checked_workflow
from callboard.usecases.written_agents import checked_agent

from .conftest import HOME, ROOT, new_app, opened, settle

pytestmark = pytest.mark.anyio

THERE = {
    "person_id": "ann",
    "space_id": HOME,
    "account": "person:vic",
    "run_id": "theirs",
    "token_id": "0000000",
    "session_id": "0000000",
    "name": "key",
    "reference": "talker",
    "key": "AUTH-1",
    "workflow_id": "theirs",
    "schedule_id": "theirs",
    "hook_id": "theirs",
    "webhook_id": "theirs",
    "message_id": "m1",
    "deputy": "adam",
    "agent_id": "theirs",
    "number": "1",
    "template_id": "theirs",
}
"""Things that are there, and not for everybody."""
NOWHERE = {
    "person_id": "nobody",
    "space_id": "nowhere",
    "account": "person:vic",
    "run_id": "nothing",
    "token_id": "1111111",
    "session_id": "1111111",
    "name": "nokey",
    "reference": "noagent",
    "key": "AUTH-999",
    "workflow_id": "nothing",
    "schedule_id": "nothing",
    "hook_id": "nothing",
    "webhook_id": "nothing",
    "message_id": "m2",
    "deputy": "nobody",
    "agent_id": "nothing",
    "number": "9",
    "template_id": "nothing",
}
TEMPLATE = {"title": "Eve's", "workflow": "theirs"}
AGENT = {"id": "eves", "displayName": "Eve's", "model": "scripted/talker", "toolNames": []}
BODIES = {
    ("POST", "/people"): {"id": "eve", "name": "Eve"},
    ("PATCH", "/people/{person_id}"): {"name": "Other"},
    ("PUT", "/people/{person_id}/password"): {"password": "a long password"},
    ("POST", "/service-accounts"): {"id": "eve", "name": "Eve"},
    ("POST", "/spaces"): {"id": "eves", "name": "Eve's", "prefix": "EVE"},
    ("PATCH", "/spaces/{space_id}"): {"name": "Other"},
    ("PUT", "/spaces/{space_id}/members/{account}"): {"role": "maintainer"},
    ("DELETE", "/spaces/{space_id}/members/{account}"): None,
    ("DELETE", "/sessions/current"): None,
    ("DELETE", "/sessions/{session_id}"): None,
    ("POST", "/tokens"): {"name": "eve", "scopes": ["*"]},
    ("DELETE", "/tokens/{token_id}"): None,
    ("POST", "/runs"): {"agent": "talker", "prompt": "go", "space": HOME},
    ("POST", "/runs/{run_id}/cancel"): {},
    ("POST", "/runs/{run_id}/steer"): {"text": "stop"},
    ("POST", "/runs/{run_id}/resume"): None,
    ("POST", "/runs/{run_id}/fork"): {"at": 1},
    ("POST", "/gates/{run_id}/decision"): {"digest": "x", "verdict": "approve"},
    ("POST", "/credentials"): {"name": "key", "provider": "openai", "value": "sk-eve-0000000000"},
    ("POST", "/credentials/{name}/rotate"): {"value": "sk-eve-0000000000"},
    ("DELETE", "/credentials/{name}"): None,
    ("PUT", "/budgets"): {"account": f"space:{HOME}", "limit_usd": 1},
    ("DELETE", "/budgets"): None,
    ("PUT", "/limits"): {"name": f"space:{HOME}", "at_once": 1},
    ("DELETE", "/limits"): None,
    ("POST", "/spaces/{space_id}/tasks"): {"title": "Eve's"},
    ("PATCH", "/tasks/{key}"): {"title": "Other"},
    ("PUT", "/tasks/{key}/needs"): {"depends_on": []},
    ("POST", "/tasks/{key}/start"): None,
    ("POST", "/tasks/{key}/cancel"): {},
    ("POST", "/tasks/{key}/comments"): {"text": "mine"},
    ("POST", "/tasks/{key}/attachments"): {"name": "a", "data": "bWluZQ=="},
    ("DELETE", "/tasks/{key}/attachments/{number}"): None,
    ("POST", "/templates"): {"agent": "theirs"},
    ("DELETE", "/templates/{template_id}"): None,
    ("POST", "/workflows"): {
        "definition": {"id": "eves", "title": "E", "steps": [{"id": "a", "title": "A"}]}
    },
    ("PUT", "/workflows/{workflow_id}/live"): {"version": 1},
    ("POST", "/schedules"): {"id": "e", "space": HOME, "cron": "0 9 * * *", "template": TEMPLATE},
    ("PATCH", "/schedules/{schedule_id}"): {"cron": "0 8 * * *"},
    ("DELETE", "/schedules/{schedule_id}"): None,
    ("POST", "/schedules/{schedule_id}/pause"): None,
    ("POST", "/schedules/{schedule_id}/resume"): None,
    ("POST", "/schedules/{schedule_id}/run"): None,
    ("POST", "/hooks"): {"id": "e", "space": HOME, "template": TEMPLATE},
    ("DELETE", "/hooks/{hook_id}"): None,
    ("POST", "/webhooks"): {"id": "e", "url": "https://example.org/", "space": HOME},
    ("POST", "/webhooks/{webhook_id}/rotate"): None,
    ("DELETE", "/webhooks/{webhook_id}"): None,
    ("POST", "/webhooks/{webhook_id}/deliveries/{message_id}/replay"): None,
    ("POST", "/inbox/read"): {"keys": []},
    ("POST", "/inbox/archive"): {"keys": []},
    ("POST", "/inbox/decisions"): {
        "choices": [{"run_id": "theirs", "digest": "x", "verdict": "approve"}]
    },
    ("PUT", "/inbox/deputies/{deputy}"): {"until": "2099-01-01T00:00:00Z"},
    ("DELETE", "/inbox/deputies/{deputy}"): None,
    ("POST", "/roster"): {"definition": AGENT, "spaces": [HOME]},
    ("PATCH", "/roster/{agent_id}"): {"owner": "person:mia"},
    ("POST", "/roster/{agent_id}/moves"): {"move": "promote"},
}
QUERIES = {
    ("DELETE", "/budgets"): f"?account=space:{HOME}",
    ("DELETE", "/limits"): f"?name=space:{HOME}",
    ("GET", "/roster/{agent_id}/diff"): "?before=1&after=1",
}
OWN = {
    ("POST", "/tokens"),  # of oneself, with no more rights than one's own
    ("POST", "/inbox/read"),
    ("POST", "/inbox/archive"),
    ("POST", "/inbox/decisions"),  # each is refused by itself
    ("PUT", "/inbox/deputies/{deputy}"),
    ("DELETE", "/inbox/deputies/{deputy}"),
}
FOR_MEMBERS = {"/me", "/people", "/people/{person_id}", "/service-accounts"} | {
    "/sessions",
    "/tokens",
    "/agents",
    "/agents/{reference}",
    "/templates",
    "/templates/{template_id}",
    "/workflows",
    "/inbox",
    "/inbox/deputies",
    "/roster",
    "/schedules",
    "/performance",
    "/usage",
    "/budgets",
    "/limits",
    "/gates",
    "/runs",
    "/tasks",
    "/spaces",
}
"""What every member of the organisation may read; lists hold only what they see."""


def operations(document):
    for path, found in document["paths"].items():
        for method in found:
            name = method.upper()
            if (name, path) not in OPEN:
                yield name, path.removeprefix("/api/v1")


async def test_every_route_that_changes_something_has_a_row(board):
    document = (await board.client.get("/api/openapi.json")).json()
    changing = {one for one in operations(document) if one[0] != "GET"}
    assert changing == set(BODIES)


async def furnish(app):
    """Let every kind of thing be there, in a space that is not everybody's."""
    await start_run(app, ROOT, StartRun("theirs", "asker", "/work", prompt="go", space=HOME))
    grant = new_grant("key", "openai", f"space:{HOME}")
    await set_credential(app, ROOT, grant, "sk-theirs-000000000")
    theirs = {"id": "theirs", "title": "T", "steps": [{"id": "a", "title": "A"}]}
    await apply_workflow(app, ROOT, checked_workflow(theirs), space=HOME)
    await create_task(app, ROOT, HOME, NewTask("Theirs", workflow="theirs"))
    await attach(app, ROOT, "AUTH-1", "theirs.md", b"theirs")
    template = TaskTemplate(title="Theirs", workflow="theirs")
    await add_schedule(app, ROOT, HOME, NewSchedule("theirs", "0 9 * * *", template))
    await add_hook(app, ROOT, HOME, NewHook("theirs", template))
    await add_webhook(app, ROOT, NewWebhook("theirs", "https://example.org/", HOME))
    definition = checked_agent(app, AGENT | {"id": "theirs"})
    await save_agent(app, ROOT, NewVersion(definition, (HOME,)))
    await save_template(app, ROOT, NewTemplate("theirs"))


@pytest.fixture
async def there():
    app = new_app()
    await settle(app)
    async with opened(app) as made:
        await furnish(app)
        ann = await made.as_("ann")
        THERE["token_id"] = (await ann("GET", "/tokens")).json()["items"][0]["id"]
        yield made


async def asked(caller, operation, names):
    method, path = operation
    place = path.format(**names) + QUERIES.get(operation, "")
    body = BODIES.get(operation)
    headers = {"Accept": "application/json"}
    return await caller(method, place, body, headers=headers)


async def answers(board, caller, names=THERE):
    document = (await board.client.get("/api/openapi.json")).json()
    return {one: await asked(caller, one, names) for one in operations(document)}


async def test_nobody_gets_the_same_refusal_everywhere(there):
    found = await answers(there, there.nobody)
    assert {answer.status_code for answer in found.values()} == {401}
    assert len({answer.text for answer in found.values()}) == 1
    assert len(found) > 35


async def test_for_an_outsider_what_is_not_theirs_is_not_there(there):
    otto = await there.as_("otto")
    of_theirs = await answers(there, otto)
    of_nothing = await answers(there, otto, NOWHERE)
    for operation, answer in of_theirs.items():
        method, path = operation
        if operation in OWN or (method == "GET" and path in FOR_MEMBERS):
            assert answer.status_code < 300, operation
            assert f'"{HOME}"' not in answer.text or path == "/people", operation
            continue
        assert answer.status_code in (403, 404), (operation, answer.text)
        nothing = of_nothing[operation]
        assert answer.status_code == nothing.status_code, (operation, answer.text, nothing.text)
        same = answer.text
        for name, value in THERE.items():
            same = same.replace(value, NOWHERE[name]) if "{" + name + "}" in path else same
        assert same == nothing.text, operation


async def test_a_viewer_changes_nothing(there):
    vic = await there.as_("vic")
    for operation, answer in (await answers(there, vic)).items():
        if operation[0] != "GET" and operation not in OWN:
            assert answer.status_code in (403, 404), (operation, answer.text)


async def test_a_token_to_read_changes_nothing_whoever_it_is_of(there):
    reading = await there.as_("ann", "*.read")
    for operation, answer in (await answers(there, reading)).items():
        if operation[0] != "GET":
            assert answer.status_code in (403, 404), (operation, answer.text)


async def test_a_token_without_the_scope_reads_nothing_either(there):
    blind = await there.as_("ann", "webhook.manage")
    for operation, answer in (await answers(there, blind)).items():
        if operation != ("GET", "/me") and "hooks" not in operation[1]:
            assert answer.status_code in (403, 404), (operation, answer.text)


async def test_a_program_does_not_decide_grant_or_vouch(there):
    robot = await there.as_("robot", of="integration")
    found = await answers(there, robot)
    for operation in (
        ("POST", "/people"),
        ("POST", "/service-accounts"),
        ("POST", "/tokens"),
        ("PUT", "/spaces/{space_id}/members/{account}"),
        ("POST", "/gates/{run_id}/decision"),
        ("POST", "/credentials"),
        ("PUT", "/budgets"),
        ("PUT", "/limits"),
    ):
        assert found[operation].status_code == 403, (operation, found[operation].text)


async def test_whoever_is_not_enough_to_grant_a_role_does_not_grant_it(there):
    adam, mia = await there.as_("adam"), await there.as_("mia")
    assert (
        await adam("POST", "/people", {"id": "e", "name": "E", "role": "owner"})
    ).status_code == 403
    assert (await adam("PATCH", "/people/ann", {"role": "member"})).status_code == 403
    assert (await adam("PUT", "/people/ann/password", {"password": "0" * 12})).status_code == 403
    assert (
        await mia("PUT", f"/spaces/{HOME}/members/person:otto", {"role": "viewer"})
    ).status_code == 200
    assert (await mia("POST", "/spaces", BODIES["POST", "/spaces"])).status_code == 403

"""Tasks and workflows over HTTP: the story that a team lives."""

import base64

import pytest

from callboard.usecases.worker import Worker

from .conftest import HOME, new_app, opened, settle

pytestmark = pytest.mark.anyio

FLOW = {
    "id": "flow",
    "title": "Flow",
    "steps": [
        {"id": "talk", "title": "Talk", "agent": "talker"},
        {"id": "sign", "title": "Sign", "approvers": {"roles": ["maintainer"]}},
    ],
}


@pytest.fixture
async def team():
    app = new_app()
    await settle(app)
    worker = Worker(app)
    async with opened(app, worker=None) as board:
        yield board, worker


async def applied(board):
    mia = await board.as_("mia")
    answer = await mia("POST", "/workflows", {"definition": FLOW, "space": HOME})
    assert answer.status_code == 201, answer.text
    return mia


async def test_a_task_is_written_down_started_signed_off_and_done(team):
    board, worker = team
    mia, cleo = await applied(board), await board.as_("cleo")
    made = await cleo("POST", f"/spaces/{HOME}/tasks", {"title": "Greet", "workflow": "flow"})
    assert (made.status_code, made.json()["key"]) == (201, "AUTH-1")
    assert made.json()["sentence"] == "Not started yet."
    assert (await cleo("POST", "/tasks/AUTH-1/start")).json()["state"] == "queued"
    await worker.idle()
    waiting = (await cleo("GET", "/tasks/AUTH-1")).json()
    assert (waiting["health"], waiting["next_actor"]) == ("needs_person", "a maintainer")
    gate = (await mia("GET", "/gates/AUTH-1-1")).json()
    body = {"digest": gate["digest"], "verdict": "approve"}
    assert (await cleo("POST", "/gates/AUTH-1-1/decision", body)).status_code == 403
    assert (await mia("POST", "/gates/AUTH-1-1/decision", body)).status_code == 202
    await worker.idle()
    assert (await cleo("GET", "/tasks/AUTH-1")).json()["state"] == "done"
    (run,) = (await cleo("GET", "/tasks/AUTH-1/runs")).json()["items"]
    assert run["run_id"] == "AUTH-1-1"
    (line,) = (await cleo("GET", "/performance?by=agent&by=step")).json()["items"]
    assert (line["of"], line["accepted"]) == ({"agent": "talker", "step": "talk"}, 1)


async def test_pages_of_tasks_hold_each_once_while_others_are_written_down(team):
    board, _ = team
    await applied(board)
    cleo = await board.as_("cleo")

    async def another(number):
        body = {"title": f"Task {number}", "workflow": "flow", "labels": ["x"]}
        assert (await cleo("POST", f"/spaces/{HOME}/tasks", body)).status_code == 201

    for number in range(5):
        await another(number)
    seen, cursor = [], ""
    while cursor is not None:
        page = (await cleo("GET", f"/tasks?limit=2&label=x{cursor}")).json()
        seen += [one["key"] for one in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        await another(9)
    assert seen == ["AUTH-5", "AUTH-4", "AUTH-3", "AUTH-2", "AUTH-1"]


async def test_tasks_are_narrowed_to_a_workflow_and_to_priorities(team):
    board, _ = team
    mia, cleo = await applied(board), await board.as_("cleo")
    other = {"definition": FLOW | {"id": "other"}, "space": HOME}
    assert (await mia("POST", "/workflows", other)).status_code == 201
    for number, (flow, priority) in enumerate([("flow", "high"), ("other", "low")], start=1):
        body = {"title": f"Task {number}", "workflow": flow, "priority": priority}
        await cleo("POST", f"/spaces/{HOME}/tasks", body)

    async def keys(query):
        return [one["key"] for one in (await cleo("GET", f"/tasks?{query}")).json()["items"]]

    assert await keys("workflow=flow") == ["AUTH-1"]
    assert await keys("priority=low&priority=urgent") == ["AUTH-2"]
    assert await keys("workflow=none") == []
    assert (await cleo("GET", "/tasks?priority=huge")).status_code == 422


async def test_a_key_makes_one_task_however_often_it_is_sent(team):
    board, _ = team
    await applied(board)
    cleo = await board.as_("cleo")
    body, headers = {"title": "Once", "workflow": "flow"}, {"Idempotency-Key": "k1"}
    first = await cleo("POST", f"/spaces/{HOME}/tasks", body, headers=headers)
    again = await cleo("POST", f"/spaces/{HOME}/tasks", body, headers=headers)
    assert (first.status_code, again.json()) == (201, first.json())
    other = {"title": "Other", "workflow": "flow"}
    assert (await cleo("POST", f"/spaces/{HOME}/tasks", other, headers=headers)).status_code == 422
    assert len((await cleo("GET", "/tasks")).json()["items"]) == 1


async def test_a_workflow_that_cannot_be_is_refused_with_every_problem(team):
    board, _ = team
    mia = await board.as_("mia")
    wrong = {
        "id": "flow",
        "title": "Flow",
        "steps": [
            {"id": "a", "title": "A", "agent": "x", "needs": ["b"]},
            {"id": "b", "title": "B", "needs": ["a"]},
        ],
    }
    answer = await mia("POST", "/workflows", {"definition": wrong, "space": HOME})
    assert answer.status_code == 422
    assert "a → b → a" in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_earlier_version_becomes_live_again(team):
    board, _ = team
    mia = await applied(board)
    changed = FLOW | {"title": "Flow, better"}
    second = await mia("POST", "/workflows", {"definition": changed, "space": HOME})
    assert second.json()["number"] == 2
    assert (await mia("GET", "/workflows/flow")).json()["definition"]["title"] == "Flow, better"
    back = await mia("PUT", "/workflows/flow/live", {"version": 1})
    assert (back.json()["live"], back.json()["definition"]["title"]) == (1, "Flow")
    numbers = [
        one["number"] for one in (await mia("GET", "/workflows/flow/versions")).json()["items"]
    ]
    assert numbers == [1, 2]


async def test_comments_and_dependencies_over_http(team):
    board, _ = team
    await applied(board)
    cleo, vic = await board.as_("cleo"), await board.as_("vic")
    for title in ("One", "Two"):
        await cleo("POST", f"/spaces/{HOME}/tasks", {"title": title, "workflow": "flow"})
    linked = await cleo("PUT", "/tasks/AUTH-2/needs", {"depends_on": ["AUTH-1"]})
    assert linked.json()["depends_on"] == ["AUTH-1"]
    circle = await cleo("PUT", "/tasks/AUTH-1/needs", {"depends_on": ["AUTH-2"]})
    assert (circle.status_code, "one another" in circle.text) == (422, True)
    assert (await cleo("POST", "/tasks/AUTH-1/comments", {"text": "Hi @mia"})).status_code == 201
    assert (await vic("POST", "/tasks/AUTH-1/comments", {"text": "no"})).status_code == 403
    (said,) = (await vic("GET", "/tasks/AUTH-1/comments")).json()["items"]
    assert (said["text"], said["mentions"]) == ("Hi @mia", ["person:mia"])


async def test_files_go_in_and_come_out_as_files_and_never_as_pages(team):
    board, _ = team
    await applied(board)
    cleo = await board.as_("cleo")
    await cleo("POST", f"/spaces/{HOME}/tasks", {"title": "Greet", "workflow": "flow"})
    page = b"<script>alert(1)</script>" + b"x" * 1_500_000
    sent = {"name": 'a "page".html', "data": base64.b64encode(page).decode()}
    made = await cleo("POST", "/tasks/AUTH-1/attachments", sent)
    assert (made.status_code, made.json()["media_type"]) == (201, "text/plain")
    (listed,) = (await cleo("GET", "/tasks/AUTH-1/attachments")).json()["items"]
    assert (listed["size"], "data" in listed) == (len(page), False)
    answer = await cleo("GET", "/tasks/AUTH-1/attachments/1")
    assert answer.content == page
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (await cleo("DELETE", "/tasks/AUTH-1/attachments/1")).status_code == 204
    assert (await cleo("GET", "/tasks/AUTH-1/attachments/1")).status_code == 404
    too_large = {"name": "a", "data": "A" * 6_100_000}
    assert (await cleo("POST", "/tasks/AUTH-1/attachments", too_large)).status_code == 413

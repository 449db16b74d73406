"""What comes by the clock and by messages, and what waits for people, over HTTP."""

import base64
import hashlib
import hmac
import json

import pytest

from .conftest import HOME
from .test_tasks import applied, team

pytestmark = pytest.mark.anyio
__all__ = ["team"]

TEMPLATE = {"title": "Look at {{ issue.title }}", "workflow": "flow"}


def signed(secret, body, message_id, now):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    at = str(int(now.timestamp()))
    content = f"{message_id}.{at}.".encode() + body
    mark = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{mark}",
        "content-type": "application/json",
    }


async def test_a_signed_message_becomes_a_task_once_and_an_unsigned_one_none(team):
    board, _ = team
    mia = await applied(board)
    body = {"id": "issues", "space": HOME, "template": TEMPLATE}
    made = (await mia("POST", "/hooks", body)).json()
    listed = (await mia("GET", "/hooks")).json()["items"]
    assert listed[0]["secret"] is None
    content = json.dumps({"issue": {"title": "the door"}}).encode()
    headers = signed(made["secret"], content, "m1", board.app.ports.clock.now())
    first = await board.client.post(made["path"], content=content, headers=headers)
    again = await board.client.post(made["path"], content=content, headers=headers)
    assert (first.status_code, first.json()["answer"]) == (201, "created")
    assert (again.status_code, again.json()["answer"]) == (200, "duplicate")
    tasks = (await mia("GET", "/tasks")).json()["items"]
    assert [one["title"] for one in tasks] == ["Look at the door"]
    forged = headers | {"webhook-id": "m2"}
    for path in (made["path"], "/hooks/nothing"):
        refused = await board.client.post(path, content=content, headers=forged)
        assert (refused.status_code, refused.json()["code"]) == (401, "hook_refused")


async def test_a_schedule_is_added_shown_run_paused_and_removed(team):
    board, _ = team
    mia, vic = await applied(board), await board.as_("vic")
    body = {"id": "weekly", "space": HOME, "cron": "0 9 * * 1", "zone": "Europe/Berlin"}
    wish = body | {"template": {"title": "Tidy", "workflow": "flow"}}
    assert (await mia("POST", "/schedules", wish)).status_code == 201
    assert len((await vic("GET", "/schedules/weekly")).json()["coming"]) > 0
    assert (await vic("POST", "/schedules/weekly/run")).status_code == 403
    assert (await mia("POST", "/schedules/weekly/run")).json()["title"] == "Tidy"
    assert (await mia("POST", "/schedules/weekly/pause")).json()["paused"]
    assert (await mia("DELETE", "/schedules/weekly")).status_code == 204
    assert (await mia("GET", "/schedules/weekly")).status_code == 404


async def test_the_inbox_holds_what_one_may_decide_and_decides_it_in_place(team):
    board, worker = team
    mia, cleo = await applied(board), await board.as_("cleo")
    await cleo("POST", f"/spaces/{HOME}/tasks", {"title": "Greet", "workflow": "flow"})
    await cleo("POST", "/tasks/AUTH-1/start")
    await worker.idle()
    (entry,) = (await mia("GET", "/inbox")).json()["items"]
    (item,) = entry["items"]
    assert (entry["key"], item["kind"]) == ("AUTH-1", "sign_off")
    assert (await mia("POST", "/inbox/read", {"keys": ["AUTH-1"]})).status_code == 204
    assert (await mia("GET", "/inbox")).json()["items"][0]["read"]
    choice = {"run_id": item["run_id"], "digest": item["digest"], "verdict": "approve"}
    other = choice | {"run_id": "nothing"}
    decided = (await mia("POST", "/inbox/decisions", {"choices": [choice, other]})).json()
    assert [(one["closed"], one["code"]) for one in decided] == [(True, None), (False, "unknown")]
    assert (await mia("GET", "/inbox")).json()["items"] == []


async def test_an_agent_is_saved_promoted_tried_and_rolled_back(team):
    board, _ = team
    ann = await board.as_("ann")

    def definition(prompt):
        return {
            "id": "greeter",
            "displayName": "Greeter",
            "model": "scripted/talker",
            "toolNames": [],
            "systemPrompt": prompt,
        }

    assert (await ann("POST", "/roster", {"definition": definition("Hi.")})).status_code == 201
    dry = (await ann("POST", "/roster/greeter/moves", {"move": "promote", "dry": True})).json()
    assert (dry["made"], dry["agent"]["live"]) == (False, 1)
    assert (await ann("POST", "/roster/greeter/moves", {"move": "promote"})).json()["made"]
    second = await ann("POST", "/roster", {"definition": definition("Hello.")})
    assert second.json()["number"] == 2
    tried = await ann("POST", "/roster/greeter/moves", {"move": "try", "share": 0.2})
    assert tried.json()["agent"]["trial"]["version"] == 2
    changed = (await ann("GET", "/roster/greeter/diff?before=1&after=2")).text
    assert '+systemPrompt: "Hello."' in changed
    await ann("POST", "/roster/greeter/moves", {"move": "promote"})
    back = await ann("POST", "/roster/greeter/moves", {"move": "roll_back"})
    assert back.json()["agent"]["live"] == 1
    wrong = definition("x") | {"toolNames": ["no_such_tool"]}
    refused = await ann("POST", "/roster", {"definition": wrong})
    assert (refused.status_code, "no_such_tool" in refused.text) == (422, True)
    stale = {"If-Match": '"1"'}
    late = await ann("POST", "/roster/greeter/moves", {"move": "pause"}, headers=stale)
    assert late.status_code in (409, 412)


async def test_a_webhook_tells_its_secret_once(team):
    board, _ = team
    mia = await board.as_("mia")
    body = {"id": "chat", "url": "https://chat.example.org/in", "space": HOME}
    made = (await mia("POST", "/webhooks", body)).json()
    assert made["secret"].startswith("whsec_")
    listed = await mia("GET", "/webhooks")
    assert made["secret"] not in listed.text
    turned = (await mia("POST", "/webhooks/chat/rotate")).json()
    assert turned["secret"] != made["secret"]
    assert (await mia("GET", "/webhooks/chat/deliveries")).json()["items"] == []

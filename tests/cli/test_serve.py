"""`callboard serve`: a real process, its database, its socket, its end."""

import json
import signal
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from tests.cli.shell import HANG, TIMEOUT_S, call, calls, say

PASSWORD = "a long password of ann"


@pytest.fixture
def serving(bare):
    """Serve, and return the process and the link that it printed."""
    running = bare.start("serve", "--port", "0")
    yield running, running.line().strip()
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
        running.finish()


def ask(url, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    given = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    request = urllib.request.Request(url, data, given)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return answer.status, json.loads(answer.read()), answer.headers
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.loads(refusal.read()), refusal.headers


def test_the_first_owner_comes_by_the_link_and_the_machine_alone_is_no_pass_any_more(serving):
    running, link = serving
    base, _, key = link.partition("/setup?link=")
    assert key.startswith("cbl_")
    assert ask(f"{base}/api/v1/me")[1]["way"] == "local"
    owner = {"link": key, "id": "ann", "name": "Ann", "password": PASSWORD}
    status, session, headers = ask(f"{base}/api/v1/setup", owner)
    assert (status, session["person"]) == (201, "ann")
    assert ask(f"{base}/api/v1/me")[0] == 401
    cookie = headers["set-cookie"].partition(";")[0]
    assert ask(f"{base}/api/v1/me", Cookie=cookie)[1]["role"] == "owner"
    assert ask(f"{base}/api/v1/setup", owner | {"id": "eve"})[0] == 401
    running.process.send_signal(signal.SIGTERM)
    done = running.finish()
    assert done.code == 0
    assert "POST /api/v1/setup 201" in done.err
    for secret in (PASSWORD, key, cookie):
        assert secret not in done.err


def test_a_token_from_the_command_line_opens_the_api(bare, serving):
    _, link = serving
    base = link.partition("/setup")[0]
    bare("people", "add", "ann", "--role", "owner")
    token = bare("tokens", "create", "ci", "--scope", "*.read").out.strip()
    bearer = {"Authorization": f"Bearer {token}"}
    assert ask(f"{base}/api/v1/people", **bearer)[1]["items"][0]["id"] == "ann"
    assert (
        ask(f"{base}/api/v1/spaces", {"id": "x", "name": "X", "prefix": "XX"}, **bearer)[0] == 403
    )


def test_a_run_of_a_directory_goes_on_at_a_server_elsewhere_with_the_agents_of_its_directory(
    shell, model, tmp_path
):
    shell.agent("boss", toolNames=["spawn_agents", "end_turn"], spawnableAgents=["mate"])
    shell.agent("mate")
    model.will(HANG)
    killed = shell.start("run", "boss", "--json", "--run-id", "r")
    model.wait_until_asked()
    killed.kill()
    asks = calls(call("spawn_agents", agents=[{"agent_type": "mate", "prompt": "go"}]))
    model.will(asks, say("The mate's word."), say("Both are done."))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    running = replace(shell, workspace=elsewhere).start("serve", "--port", "0", "--no-worker")
    base = running.line().strip().partition("/setup")[0]
    assert ask(f"{base}/api/v1/runs/r/resume", {})[0] == 202
    followed = urllib.request.Request(
        f"{base}/api/v1/runs/r/events", headers={"Accept": "text/event-stream"}
    )
    with urllib.request.urlopen(followed, timeout=TIMEOUT_S) as stream:
        assert b"run.completed" in stream.read()
    told = shell("runs", "show", "r", "--json").events
    assert "The mate's word." in json.dumps(told)
    assert told[-1]["output"]["value"] == "Both are done."


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("--host", "0.0.0.0"), {}),
        (("--host", "192.0.2.1", "--port", "1"), {"CALLBOARD_URL": "https://x.example"}),
        ((), {"CALLBOARD_URL": "callboard.example"}),
        ((), {"CALLBOARD_URL": "https://callboard.example/below?x=1"}),
    ],
)
def test_what_cannot_be_served_is_one_message(bare, arguments, env):
    done = bare("serve", *arguments, **env)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("callboard: ")

"""Runs over HTTP: started, followed over a real socket, decided about, ended."""

import asyncio
import contextlib
import json
import socket

import httpx2
import pytest
import uvicorn

from callboard.api.streaming import Pace
from callboard.domain.actor import Actor
from callboard.domain.org.principal import as_owner
from callboard.entrance.asking import Streams
from callboard.testing.model import ScriptedProvider
from callboard.usecases.tokens import revoke_token
from tests.usecases.lone_runs import begun

from .conftest import HOME, Board, agent, new_app, opened, scripts, settle

pytestmark = pytest.mark.anyio
WITHIN_S = 60


class Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield


@contextlib.asynccontextmanager
async def served(board: Board):
    """Serve a board on a real socket, and yield its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(board.site, lifespan="off", log_config=None, access_log=False)
    server = Quiet(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, WITHIN_S)
        listening.close()


class Held(ScriptedProvider):
    """A model that answers when it is let."""

    def __init__(self, scripts):
        super().__init__(scripts)
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def complete(self, request, on_delta):
        self.asked.set()
        await asyncio.wait_for(self.go.wait(), WITHIN_S)
        return await super().complete(request, on_delta)


async def following(client, url, headers, count=None):
    """Return the events of a stream: so many, or all until it ends."""
    found, current = [], {}
    async with client.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name in ("id", "event", "data"):
                current[name] = value
            elif not line and "data" in current:
                found.append(current)
                current = {}
                if len(found) == count:
                    break
    return found


async def test_a_run_is_started_and_goes_on_after_the_answer(board):
    mia = await board.as_("mia")
    answer = await mia("POST", "/runs", {"agent": "talker", "prompt": "go", "space": HOME})
    assert answer.status_code == 202, answer.text
    run_id = answer.json()["run_id"]
    page = await until(mia, run_id, "completed")
    assert page["space"] == HOME
    events = (await mia("GET", f"/runs/{run_id}/events")).json()
    types = [one["type"] for one in events["items"]]
    assert (types[0], types[-1]) == ("run.created", "run.completed")
    assert events["items"][0]["actor"]["name"] == "mia"
    assert events["items"][0]["workspace"] == f"/copies/{run_id}"
    few = (await mia("GET", f"/runs/{run_id}/events?limit=2")).json()
    assert few["next_after"] == 2
    rest = (await mia("GET", f"/runs/{run_id}/events?after=2")).json()
    assert few["items"] + rest["items"] == events["items"]


async def until(caller, run_id, status):
    async with asyncio.timeout(WITHIN_S):
        while True:
            run = (await caller("GET", f"/runs/{run_id}")).json()
            if run["status"] == status:
                return run
            await asyncio.sleep(0)


async def test_what_keeps_a_run_from_starting_is_said_at_once(board):
    mia, vic = await board.as_("mia"), await board.as_("vic")
    for body, status, code in (
        ({"agent": "nobody", "space": HOME}, 404, "unknown"),
        ({"agent": "talker", "space": "nowhere"}, 404, "unknown"),
        ({"agent": "talker", "workspace": "/etc", "space": HOME}, 403, "not_allowed"),
        ({"agent": "talker"}, 403, "not_allowed"),
        ({"agent": "talker", "space": HOME, "run_id": ".."}, 422, "configuration_invalid"),
        ({"agent": "talker", "space": HOME, "budget_usd": "NaN"}, 422, "invalid_request"),
    ):
        answer = await mia("POST", "/runs", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert (await vic("POST", "/runs", {"agent": "talker", "space": HOME})).status_code == 403
    ann = await board.as_("ann")
    twice = {"agent": "talker", "workspace": "/work", "run_id": "same"}
    assert (await ann("POST", "/runs", twice)).status_code == 202
    assert (await ann("POST", "/runs", twice)).status_code == 422


async def test_a_gate_is_decided_by_its_digest_and_the_run_goes_on(board):
    await board.run("r1", "asker")
    cleo = await board.as_("cleo")
    (gate,) = (await cleo("GET", "/gates")).json()["items"]
    assert (gate["tool"], gate["arguments"]) == ("pay", {"path": "bill", "text": "$"})
    shown = (await cleo("GET", "/gates/r1")).json()
    assert shown["digest"] == gate["digest"]
    stale = await cleo("POST", "/gates/r1/decision", {"digest": "old", "verdict": "approve"})
    assert stale.status_code == 422
    body = {"digest": gate["digest"], "verdict": "reject", "note": "too dear"}
    answer = await cleo("POST", "/gates/r1/decision", body)
    assert (answer.status_code, answer.json()["closed"]) == (202, True)
    again = await cleo("POST", "/gates/r1/decision", body)
    assert again.status_code in (404, 422)


async def test_a_waiting_run_is_cancelled_and_then_takes_no_decision(board):
    await board.run("r1", "asker")
    cleo = await board.as_("cleo")
    digest = (await cleo("GET", "/gates/r1")).json()["digest"]
    ended = await cleo("POST", "/runs/r1/cancel", {"reason": "enough"})
    assert ended.json()["status"] == "cancelled"
    late = await cleo("POST", "/gates/r1/decision", {"digest": digest, "verdict": "approve"})
    assert late.status_code == 404
    assert (await cleo("POST", "/runs/r1/steer", {"text": "go on"})).status_code == 422


async def test_a_run_is_forked_verified_and_its_change_shown(board):
    await board.run("r1")
    cleo = await board.as_("cleo")
    forked = await cleo("POST", "/runs/r1/fork", {"at": 2, "run_id": "r2"})
    assert (forked.status_code, forked.json()["run_id"]) == (201, "r2")
    assert (await cleo("POST", "/runs/r2/resume")).status_code == 202
    await until(cleo, "r2", "completed")
    found = (await cleo("GET", "/runs/r2/verify")).json()
    assert (found["ok"], found["problems"]) == (True, [])
    assert (await cleo("GET", "/runs/r1/diff")).json() == {"diff": ""}
    usage = (await cleo("GET", "/usage?by=run")).json()
    assert set(usage["groups"]) == {"r1", "r2"}


async def test_a_run_that_cannot_go_on_is_refused_and_left_as_it_was(board):
    lost = agent("talker", spawnable_agents=("stranger",))
    cleo = await board.as_("cleo")
    log = await begun(board.app, agent=lost, space=HOME)
    busy = await cleo("POST", "/runs/r/resume")
    assert (busy.status_code, busy.json()["code"]) == (409, "run_busy")
    await log.release()
    refused = await cleo("POST", "/runs/r/resume")
    assert (refused.status_code, "the agent stranger" in refused.text) == (422, True)
    assert (await cleo("GET", "/runs/r")).json()["status"] == "running"


# --- streams, over a real socket


async def test_a_stream_shows_what_happens_and_ends_with_the_run():
    held = Held(scripts())
    app = new_app(provider=held)
    await settle(app)
    async with opened(app) as board, served(board) as url, httpx2.AsyncClient() as client:
        cleo = await board.as_("cleo")
        await cleo("POST", "/runs", {"agent": "talker", "space": HOME, "run_id": "r1"})
        await asyncio.wait_for(held.asked.wait(), WITHIN_S)
        stream = asyncio.create_task(
            following(client, f"{url}/api/v1/runs/r1/events", streaming(cleo))
        )
        first = await following(client, f"{url}/api/v1/runs/r1/events", streaming(cleo), 1)
        assert first[0]["event"] == "run.created"
        held.go.set()
        found = await asyncio.wait_for(stream, WITHIN_S)
        assert found[-1]["event"] == "run.completed"
        assert [int(one["id"]) for one in found] == list(range(1, len(found) + 1))
        whole = (await cleo("GET", "/runs/r1/events")).json()["items"]
        assert [json.loads(one["data"]) for one in found] == whole


async def test_a_stream_goes_on_behind_any_event_that_was_seen(board):
    await board.run("r1")
    cleo = await board.as_("cleo")
    async with served(board) as url, httpx2.AsyncClient() as client:
        place = f"{url}/api/v1/runs/r1/events"
        whole = await following(client, place, streaming(cleo))
        for seen in range(len(whole)):
            headers = streaming(cleo) | {"Last-Event-ID": str(seen)}
            assert await following(client, place, headers) == whole[seen:]
        headers = streaming(cleo) | {"Last-Event-ID": str(len(whole))}
        assert (await client.get(place, headers=headers)).status_code == 204
        headers = streaming(cleo) | {"Last-Event-ID": "-1"}
        assert (await client.get(place, headers=headers)).status_code == 400


async def test_a_stream_is_for_those_only_who_may_read_the_run(board):
    await board.run("r1")
    for name, status in (("otto", 404), ("vic", 200)):
        caller = await board.as_(name)
        answer = await caller("GET", "/runs/r1/events", headers={"Accept": "text/event-stream"})
        assert answer.status_code == status


async def test_a_stream_ends_when_the_token_is_revoked(board):
    await board.run("r1", "asker")
    board.api.state.pace = Pace(0.01, 0.01)
    cleo = await board.as_("cleo")
    token = cleo.headers["Authorization"].split("_")[1]
    async with served(board) as url, httpx2.AsyncClient() as client:
        place = f"{url}/api/v1/runs/r1/events"
        async with client.stream("GET", place, headers=streaming(cleo)) as answer:
            lines = answer.aiter_lines()
            await asyncio.wait_for(anext(lines), WITHIN_S)
            await revoke_token(board.app, as_owner(Actor(kind="person", name="root")), token)
            async with asyncio.timeout(WITHIN_S):
                async for _ in lines:
                    pass


async def test_nobody_follows_more_runs_at_a_time_than_there_is_room_for(board):
    await board.run("r1", "asker")
    board.api.state.streams = Streams(most=0)
    cleo = await board.as_("cleo")
    answer = await cleo("GET", "/runs/r1/events", headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")


def streaming(caller):
    return caller.headers | {"Accept": "text/event-stream"}


class Beside:
    """A worker that only remembers."""

    def __init__(self, app):
        self.told = []
        self.is_at_work = True

    async def start(self):
        self.told.append("start")

    def wake(self):
        self.told.append("wake")

    async def stop(self, grace_s=10.0):
        self.told.append("stop")


async def test_a_worker_beside_the_site_is_started_woken_and_stopped():
    workers = []

    def worker(app):
        workers.append(Beside(app))
        return workers[0]

    app = new_app()
    await settle(app)
    async with opened(app, worker=worker) as board:
        await board.run("r1", "asker")
        cleo = await board.as_("cleo")
        digest = (await cleo("GET", "/gates/r1")).json()["digest"]
        await cleo("POST", "/gates/r1/decision", {"digest": digest, "verdict": "reject"})
    assert workers[0].told == ["start", "wake", "stop"]


async def test_a_taken_id_leaves_the_files_of_the_other_run_alone(board):
    mia = await board.as_("mia")
    wish = {"agent": "talker", "prompt": "go", "space": HOME, "run_id": "one"}
    assert (await mia("POST", "/runs", wish)).status_code == 202
    await until(mia, "one", "completed")
    again = await mia("POST", "/runs", wish)
    assert (again.status_code, again.json()["code"]) == (422, "configuration_invalid")

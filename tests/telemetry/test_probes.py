"""What monitoring asks a process, on a port of its own."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import pytest

from callboard.bootstrap.monitoring import probed
from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.engine.monitored import may_name_probes
from callboard.settings import read_settings
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from tests.unused import unused_port

pytestmark = pytest.mark.anyio


class Hand:
    """Somebody who works, or does not."""

    is_at_work = True

    async def start(self):
        pass

    def wake(self):
        pass

    async def stop(self, grace_s=10.0):
        pass


class Operations:
    """A database that answers, refuses, or keeps silent."""

    def __init__(self, inner):
        self.inner = inner
        self.error: CallboardError | None = None

    async def load(self):
        return await self.inner.load()

    async def check(self):
        if self.error is not None:
            raise self.error


@asynccontextmanager
async def probes(hand):
    app = rig(ScriptedProvider({}))
    operations = Operations(app.operations)
    app = replace(app, operations=operations)
    port = unused_port()
    settings = read_settings({"CALLBOARD_HOME": "/nowhere", "CALLBOARD_PROBES": str(port)})
    async with (
        probed(settings, "1", app, hand),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield operations, client
    await app.close()


async def test_a_process_that_can_do_its_part_is_ready():
    async with probes(Hand()) as (_, client):
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        assert [one["name"] for one in ready.json()["checks"]] == ["database", "worker"]
        numbers = await client.get("/metrics")
        assert numbers.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert "callboard_turns_total 0.0" in numbers.text
        assert "process_resident_memory_bytes" in numbers.text


async def test_a_worker_that_stopped_is_not_ready_and_still_alive():
    hand = Hand()
    hand.is_at_work = False
    async with probes(hand) as (_, client):
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_a_process_without_a_worker_needs_none():
    async with probes(None) as (_, client):
        ready = await client.get("/readyz")
        assert [one["name"] for one in ready.json()["checks"]] == ["database"]


async def test_a_database_that_cannot_be_used_makes_it_unready_and_no_secret_is_told():
    async with probes(Hand()) as (operations, client):
        operations.error = CallboardError("postgresql://user:password@host is gone")
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert "password" not in ready.text
        assert json.loads(ready.text)["checks"][0]["held"] is False
        operations.error = None
        assert (await client.get("/readyz")).status_code == 200


async def test_anything_else_is_refused():
    async with probes(None) as (_, client):
        assert (await client.get("/")).status_code == 404
        assert (await client.get("/api/v1/runs")).status_code == 404
        assert (await client.post("/metrics")).status_code == 405


async def test_a_port_that_is_taken_is_said_to_be_so():
    app = rig(ScriptedProvider({}))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = read_settings({"CALLBOARD_PROBES": str(port)})
        with pytest.raises(ConfigurationInvalid, match=f"127.0.0.1:{port} cannot be listened on"):
            await probed(settings, "1", app, None).__aenter__()
    await app.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),
        ("[::]:9464", ("::", 9464)),
        ("", None),
    ],
)
def test_a_port_with_or_without_an_address_is_understood(text, found):
    assert read_settings({"CALLBOARD_PROBES": text}).probes == found


@pytest.mark.parametrize("text", ["port", ":9464", "host:", "70000", "1.5", "-1"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_PROBES"):
        read_settings({"CALLBOARD_PROBES": text})


def test_without_the_setting_nothing_is_listened_on():
    async def look():
        app = rig(ScriptedProvider({}))
        async with probed(read_settings({}), "1", app, None):
            pass
        await app.close()

    asyncio.run(look())


@pytest.mark.parametrize(
    "host",
    ["evil.test", "127.0.0.1.evil.test", "127.1", "0x7f.1", "evil.test:80", "[::1", "", "a b"],
)
async def test_a_name_that_somebody_elses_pages_can_have_is_told_nothing(host):
    async with probes(Hand()) as (_, client):
        for path in ("/metrics", "/healthz", "/readyz"):
            answer = await client.get(path, headers={"Host": host})
            assert (answer.status_code, "callboard_" in answer.text) == (421, False)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost:9464", "127.0.0.1:9464", "[::1]:9464", "10.2.3.4:9464", "worker-1:9464"),
        *("api.callboard.svc.cluster.local:9464", "ip-10-2-3-4.ec2.internal", "board.example:9464"),
    ],
)
def test_monitoring_asks_by_address_by_private_name_or_by_that_of_the_deployment(host):
    assert may_name_probes(host, "https://board.example")

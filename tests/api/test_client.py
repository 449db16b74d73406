"""`callboard.client`: both clients against a site on a real socket."""

import asyncio

import httpx2
import pytest

from callboard.client import AsyncClient, Client, Refused, Unreachable

from .conftest import HOME, new_app, opened, scripts, settle
from .test_runs import WITHIN_S, Held, served

pytestmark = pytest.mark.anyio


def text_of(caller):
    return caller.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
async def place(board):
    """An address, and the token of a contributor."""
    async with served(board) as url:
        yield url, text_of(await board.as_("cleo"))


async def test_a_program_starts_a_run_and_follows_it_to_its_end(place):
    async with AsyncClient(*place) as client:
        assert (await client.me()).actor.name == "cleo"
        run = await client.start_run("talker", "go", space=HOME, key="k")
        again = await client.start_run("talker", "go", space=HOME, key="k")
        assert again.run_id == run.run_id
        types = [event.type async for event in client.follow(run.run_id)]
        assert (types[0], types[-1]) == ("run.created", "run.completed")
        assert (await client.run(run.run_id)).has_ended
        rest = [event.seq async for event in client.follow(run.run_id, after=2)]
        assert rest == list(range(3, len(types) + 1))
        assert [event async for event in client.follow(run.run_id, after=len(types))] == []
        assert [one.run_id async for one in client.runs(status=["completed"])] == [run.run_id]


async def test_a_program_that_waits_does_the_same(place):
    def work():
        with Client(*place) as client:
            run = client.start_run("asker", "go", space=HOME)
            events = client.follow(run.run_id)
            asked = next(event for event in events if event.type == "gate.opened")
            del events
            (gate,) = client.gates()
            assert gate.tool == "pay"
            assert client.decide(client.gate(run.run_id), "reject", note="no")
            told = list(client.follow(run.run_id, after=asked.seq))
            assert client.diff(run.run_id) == ""
            return [one.type for one in told]

    types = await asyncio.wait_for(asyncio.to_thread(work), WITHIN_S)
    assert "gate.decided" in types


async def test_a_refusal_is_raised_with_its_code(place):
    url, token = place
    async with AsyncClient(url, token) as client:
        with pytest.raises(Refused) as refused:
            await client.run("nothing")
        assert (refused.value.status, refused.value.code) == (404, "unknown")
        with pytest.raises(Refused, match="invalid_request") as unfit:
            await client.start_run("talker", space=HOME, max_turns=0)
        assert unfit.value.errors[0]["field"] == "body.max_turns"
        with pytest.raises(Refused, match="unknown"):
            _ = [event async for event in client.follow("nothing")]
    async with AsyncClient(url, "cb_wrong") as nobody:
        with pytest.raises(Refused, match="not_signed_in"):
            await nobody.me()


async def test_where_nobody_answers_it_is_unreachable():
    async with AsyncClient("http://127.0.0.1:1", "cb_x") as client:
        with pytest.raises(Unreachable):
            await client.me()
        with pytest.raises(Unreachable):
            _ = [event async for event in client.follow("r1")]


class Breaking(httpx2.AsyncBaseTransport):
    """A network that breaks each stream off after a few bytes."""

    def __init__(self, most):
        self._inner = httpx2.AsyncHTTPTransport()
        self.most = most
        self.broken = 0

    async def handle_async_request(self, request):
        answer = await self._inner.handle_async_request(request)
        if request.headers.get("accept") == "text/event-stream" and answer.status_code == 200:
            answer.stream = Broken(answer.stream, self)
        return answer


class Broken(httpx2.AsyncByteStream):
    def __init__(self, inner, network):
        self._inner, self._network = inner, network

    async def __aiter__(self):
        left = self._network.most
        async for part in self._inner:
            yield part[:left]
            left -= len(part)
            if left <= 0:
                self._network.broken += 1
                raise httpx2.ReadError("cut")

    async def aclose(self):
        await self._inner.aclose()


async def test_a_connection_that_breaks_misses_no_event_and_tells_none_twice():
    held = Held(scripts())
    app = new_app(provider=held)
    await settle(app)
    async with opened(app) as board, served(board) as url:
        token = text_of(await board.as_("cleo"))
        network = Breaking(1500)
        async with AsyncClient(url, token, transport=network) as client:
            run = await client.start_run("talker", "go", space=HOME)
            held.go.set()
            found = [event.seq async for event in client.follow(run.run_id)]
        assert network.broken > 0
        assert found == list(range(1, found[-1] + 1))

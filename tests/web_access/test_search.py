"""The search services, as they answer and as they fail."""

import json

import pytest
from pydantic import SecretStr

from callboard.ports.web import SearchResult, WebFailed
from callboard.testing.model.loopback import LoopbackEndpoint, Reply
from callboard.web_access.search.brave import Brave
from callboard.web_access.search.exa import Exa
from callboard.web_access.search.searxng import SearXng
from callboard.web_access.search.service import ServiceSearch
from callboard.web_access.search.tavily import Tavily

pytestmark = pytest.mark.anyio
CANARY = "key-canary-271828"
KEY = SecretStr(CANARY)
SERVICES = {
    "searxng": SearXng,
    "brave": lambda url: Brave(KEY, url),
    "tavily": lambda url: Tavily(KEY, url),
    "exa": lambda url: Exa(KEY, url),
}


@pytest.fixture(params=sorted(SERVICES))
def make(request):
    return SERVICES[request.param]


def answer(value, status=200):
    text = value if isinstance(value, str) else json.dumps(value)
    return Reply([text.encode()], status, {"Content-Type": "application/json"})


async def failure(make, reply, timeout_s=20.0):
    async with LoopbackEndpoint(reply) as endpoint:
        with pytest.raises(WebFailed) as failed:
            await ServiceSearch(make(endpoint.url), timeout_s=timeout_s).search("q", deep=False)
    assert CANARY not in str(failed.value)
    return str(failed.value)


async def asked(name, query, *, deep, value=None):
    async with LoopbackEndpoint(answer(value or {"results": []})) as endpoint:
        found = await ServiceSearch(SERVICES[name](endpoint.url)).search(query, deep=deep)
        [request] = endpoint.received
    return request, found


async def test_searxng_is_asked_for_json():
    request, _ = await asked("searxng", "a b&c", deep=False)
    assert request.path == "/search"
    assert "q=a b%26c" in request.query
    assert "format=json" in request.query
    async with LoopbackEndpoint(answer({"results": []})) as endpoint:
        await ServiceSearch(SearXng(f"{endpoint.url}/sub/search/")).search("q", deep=False)
        assert endpoint.received[0].path == "/sub/search"


async def test_brave_is_asked_with_its_header_and_its_marks_are_removed():
    entry = {
        "title": "A <strong>B</strong> &amp; C",
        "url": "https://x.example",
        "description": "one &lt;two&gt;",
        "extra_snippets": ["three", 4],
    }
    request, found = await asked("brave", "q", deep=True, value={"web": {"results": [entry]}})
    assert request.headers["x-subscription-token"] == CANARY
    assert "count=20" in request.query
    assert found == (SearchResult("A B & C", "https://x.example", "one <two> three"),)


async def test_tavily_and_exa_are_asked_with_a_body():
    request, _ = await asked("tavily", "q", deep=True)
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert (request.json["search_depth"], request.json["query"]) == ("advanced", "q")
    entry = {"title": None, "url": "https://x.example", "highlights": ["a", "b"]}
    request, found = await asked("exa", "q", deep=False, value={"results": [entry]})
    assert request.headers["x-api-key"] == CANARY
    assert request.json["type"] == "auto"
    assert found == (SearchResult("", "https://x.example", "a … b"),)


@pytest.mark.parametrize("value", [{}, {"results": 3}, {"web": []}, {"results": [1, {"url": 2}]}])
async def test_what_is_not_as_expected_is_left_out(make, value):
    async with LoopbackEndpoint(answer(value)) as endpoint:
        assert await ServiceSearch(make(endpoint.url)).search("q", deep=False) == ()


@pytest.mark.parametrize(
    ("status", "value", "said"),
    [
        (401, {"detail": {"error": "Unauthorized"}}, "the key is not accepted; Unauthorized"),
        (429, {"error": "Slow down", "tag": "X"}, "too many requests; try again later; Slow down"),
        (500, {"message": "Oh\n no"}, "status 500: Oh no"),
        (503, "<html>busy</html>", "status 503"),
        (302, "", "status 302"),
        (403, [{"msg": "no"}], "it refuses this request; no"),
    ],
)
async def test_a_refusal_is_told_with_the_service_s_words(make, status, value, said):
    assert said in await failure(make, answer(value, status))


@pytest.mark.parametrize("text", ["not json", "", "[1]", '"x"', "[" * 100_000])
async def test_an_answer_that_cannot_be_read_fails_with_words(make, text):
    assert "answered" in await failure(make, answer(text))


async def test_no_answer_and_no_server_fail_with_words(make):
    assert "within 0.2 seconds" in await failure(make, Reply(then="hang"), timeout_s=0.2)
    assert "cannot be reached" in await failure(make, Reply([b"{"], then="reset"))
    async with LoopbackEndpoint() as endpoint:
        url = endpoint.url
    with pytest.raises(WebFailed, match="refuses the connection"):
        await ServiceSearch(make(url)).search("q", deep=False)


async def test_a_malformed_address_or_key_is_not_repeated():
    async with LoopbackEndpoint() as endpoint:
        bad = Brave(SecretStr(f"{CANARY}\r\nX: y"), endpoint.url)
        for service in (bad, SearXng("http://[")):
            with pytest.raises(WebFailed, match="malformed") as failed:
                await ServiceSearch(service).search("q", deep=False)
            assert CANARY not in str(failed.value)


async def test_a_service_that_repeats_the_key_does_not_get_it_into_a_message():
    said = await failure(SERVICES["exa"], answer({"error": f"unknown key {CANARY}"}, 401))
    assert said.endswith("unknown key (the key)")


def test_a_key_does_not_show():
    call = Brave(KEY).encode("q", deep=False)
    assert CANARY not in repr(call)
    assert CANARY not in repr(vars(Brave(KEY)))

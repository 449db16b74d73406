"""Tools that need services: what they say with them, and without."""

import pytest

from callboard.domain.definition.agent import AgentDefinition, InputSchema
from callboard.ports.tool_services import ToolServices
from callboard.ports.web import Fetched, PageEntry, PageRequest, PageVisit, SearchResult
from callboard.testing.web import FixedWeb

pytestmark = pytest.mark.anyio
URL = "https://example.org/page"
HTML = """<!doctype html><html lang="en"><head><title>The page</title>
<meta name="description" content="About it"></head><body><nav>Menu</nav><article><h1>Heading</h1>
<p>The first paragraph says something that is long enough to be taken for the text of the page.</p>
<p>The second paragraph goes on, and <a href="https://example.org/x">links</a> to something.</p>
<script>alert(1)</script></article></body></html>"""


def page(body, kind="text/html", **facts):
    return Fetched(f"{URL}/final", facts.pop("status", 200), kind, body, **facts)


@pytest.fixture
def read(call):
    async def reading(fetched, **arguments):
        services = ToolServices(fetcher=FixedWeb(pages={URL: fetched}))
        return await call("read_url", {"url": URL, **arguments}, services=services)

    return reading


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("web_search", {"query": "x"}, "CALLBOARD_SEARCH_URL"),
        ("web_search", {"query": "x"}, "BRAVE_API_KEY, TAVILY_API_KEY and EXA_API_KEY"),
        ("read_docs", {"libraryTitle": "x"}, "CONTEXT7_API_KEY"),
        ("browser_logs", {"url": URL}, "pip install callboard[browser]"),
        ("read_url", {"url": URL}, "not configured"),
        ("lookup_agent_info", {"agentId": "x"}, "no registry"),
    ],
)
async def test_a_missing_service_is_named_with_the_way_to_get_it(call, name, arguments, said):
    value, failed = await call(name, arguments)
    assert failed
    assert said in value["errorMessage"]


async def test_of_html_the_readable_part_is_shown(read):
    value, failed = await read(page(HTML.encode()))
    assert not failed
    assert (value["url"], value["finalUrl"]) == (URL, f"{URL}/final")
    assert (value["title"], value["description"]) == ("Heading", "About it")
    assert "The first paragraph says" in value["text"]
    assert "https://example.org/x" in value["text"]
    assert "alert" not in value["text"]
    assert value["truncated"] is False


async def test_other_text_is_shown_as_it_is(read):
    value, _ = await read(page(b'{"a": 1}', "application/json"))
    assert value["text"] == '{"a": 1}'
    value, _ = await read(page("müde".encode("latin-1"), "text/plain", charset="iso-8859-1"))
    assert value["text"] == "müde"
    for charset in ("hex", "no-such", "zip", "undefined"):
        value, _ = await read(page(b"plain", "text/plain", charset=charset))
        assert value["text"] == "plain"


async def test_long_text_is_cut_and_said_to_be(read):
    value, _ = await read(page(b"x" * 5000, "text/plain"), max_chars=10)
    assert (len(value["text"]), value["truncated"]) == (1000, True)
    value, _ = await read(page(b"x", "text/plain", truncated=True))
    assert value["truncated"] is True


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"<" * 50_000, b"<div>" * 20_000, b"<html>\0\xff</html>", b"<!--"]
)
async def test_html_that_is_broken_does_no_harm(read, body):
    value, _ = await read(page(body))
    assert "text" in value or "errorMessage" in value


async def test_what_is_no_text_or_not_there_is_a_failure(call, read):
    for fetched, said in (
        (page(b"\x89PNG\0", "image/png"), "image/png"),
        (page(b"a\0b", "text/plain"), "not text"),
        (page(b"gone", status=404), "status 404"),
    ):
        value, failed = await read(fetched)
        assert failed
        assert said in value["errorMessage"]
        assert value["finalUrl"] == f"{URL}/final"
    value, failed = await call("read_url", {"url": URL}, services=ToolServices(fetcher=FixedWeb()))
    assert failed
    assert "cannot be reached" in value["errorMessage"]


async def test_finds_are_numbered_and_bounded(call):
    finds = (
        SearchResult("A \n title", "https://a.b/", "one\ntwo"),
        *(SearchResult(str(number), "https://c.d/", "x" * 1000) for number in range(50)),
    )
    web = FixedWeb(finds={"q": finds, "none": ()})
    services = ToolServices(search=web)
    value, failed = await call("web_search", {"query": "q", "depth": "deep"}, services=services)
    assert not failed
    assert value["result"].startswith("1. A title\n   https://a.b/\n   one two\n2. 0\n")
    assert len(value["result"]) <= 20_100
    assert web.asked == ["q deep"]
    for query, said in (("none", "No search results found for"), ("other", "Error performing")):
        value, failed = await call("web_search", {"query": query}, services=services)
        assert failed
        assert f'{said} "{query}"' in value["errorMessage"] or f'"{query}"' in value["errorMessage"]


async def test_documentation_is_text_whatever_happens(call):
    web = FixedWeb(libraries={"React": "hooks " * 1000, "None": None})
    services = ToolServices(docs=web)
    arguments = {"library": "React", "topic": "hooks", "max_tokens": 100}
    value, failed = await call("read_docs", arguments, services=services)
    assert not failed
    assert len(value["documentation"]) == 400
    assert web.asked == ["React hooks 100"]
    for library, said in (
        ("None", 'No documentation found for "None" with topic "x".'),
        ("Other", 'Error fetching documentation for "Other": Other cannot be reached.'),
    ):
        value, failed = await call(
            "read_docs", {"libraryTitle": library, "topic": "x"}, services=services
        )
        assert not failed
        assert value["documentation"].startswith(said)


async def test_a_visit_is_told_with_all_that_was_logged(call):
    visit = PageVisit(
        URL,
        "Title",
        entries=(
            PageEntry("error", "bad" * 1000, 0.12345, source="app.js:1", stack="at f"),
            *(PageEntry("log", str(number), 1.0) for number in range(250)),
        ),
        requests=(PageRequest("GET", URL, 404), PageRequest("GET", URL, None, "refused")),
    )
    services = ToolServices(browser=FixedWeb(visits={URL: visit}))
    value, failed = await call("browser_logs", {"url": URL}, services=services)
    assert not failed
    assert value["success"] is True
    assert value["logs"][0] == {
        "type": "error",
        "message": ("bad" * 1000)[:2000],
        "timestamp": 0.123,
        "source": "app.js:1",
        "stack": "at f",
    }
    assert (len(value["logs"]), value["message"]) == (200, "51 more log entries were left out.")
    assert value["networkEvents"][1] == {"method": "GET", "url": URL, "error": "refused"}


async def test_a_page_that_does_not_load_is_no_success(call):
    web = FixedWeb(visits={URL: PageVisit(URL, "", error="ERR_CONNECTION_REFUSED")})
    services = ToolServices(browser=web)
    arguments = {"url": URL, "waitUntil": "networkidle0"}
    value, failed = await call("browser_logs", arguments, services=services)
    assert not failed
    assert (value["success"], value["error"]) == (False, "ERR_CONNECTION_REFUSED")
    assert web.asked == [f"{URL} networkidle0"]
    value, failed = await call("browser_logs", {"url": "http://other/"}, services=services)
    assert failed
    assert value["success"] is False


async def test_an_agent_is_described_without_its_prompts(call):
    agent = AgentDefinition(
        id="reviewer",
        display_name="Reviewer",
        model="a/b",
        version="1.2.0",
        publisher="acme",
        spawner_prompt="For reviews",
        system_prompt="secret mandate",
        input_schema=InputSchema(prompt={"type": "string"}),
    )

    async def lookup(reference):
        return {"acme/reviewer": agent}.get(reference)

    services = ToolServices(registry_lookup=lookup)
    value, _ = await call("lookup_agent_info", {"agentId": "acme/reviewer"}, services=services)
    assert value["found"] is True
    assert value["agent"]["fullAgentId"] == "acme/reviewer@1.2.0"
    assert value["agent"]["toolNames"] == ["end_turn"]
    assert value["agent"]["inputSchema"]["prompt"] == {"type": "string"}
    assert "outputSchema" not in value["agent"]
    assert "secret" not in str(value)
    value, failed = await call("lookup_agent_info", {"agentId": "x"}, services=services)
    assert (value, failed) == ({"found": False, "error": "Agent 'x' not found"}, False)


async def test_a_plan_is_written_as_a_file(call, root):
    arguments = {"path": "plans/one.md", "plan": "# Plan\n"}
    value, failed = await call("create_plan", arguments)
    assert (value, failed) == (
        {"file": "plans/one.md", "message": "Created file successfully."},
        False,
    )
    assert (root / "plans" / "one.md").read_text() == "# Plan\n"
    value, failed = await call("create_plan", arguments)
    assert failed
    assert "same" in value["errorMessage"]
    assert (await call("create_plan", {"path": "../x", "plan": "x"}))[1]

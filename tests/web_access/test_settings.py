"""From the environment to the services that the tools are given."""

import pytest
from pydantic import SecretStr

from callboard.bootstrap import Sources, build_app
from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.tools import ToolContext
from callboard.ports.web import WebFailed
from callboard.settings import WebSettings, read_settings
from callboard.testing.model.loopback import LoopbackEndpoint, LoopbackSite, Reply
from callboard.testing.world import World, WorldWorkspace
from callboard.web_access.on_demand import WebOnDemand, WebOptions

CANARY = "key-canary-141421"


def settings(**variables):
    return read_settings({"CALLBOARD_HOME": "/nowhere", **variables})


def test_nothing_is_set_up_by_an_empty_environment():
    assert settings().web == WebSettings()
    assert settings(CALLBOARD_WEB_ALLOW=" , ", CALLBOARD_SEARCH="", BRAVE_API_KEY=" ").web == (
        WebSettings()
    )


@pytest.mark.parametrize(
    ("variables", "search"),
    [
        ({"CALLBOARD_SEARCH_URL": "http://s", "BRAVE_API_KEY": "b"}, "searxng"),
        ({"TAVILY_API_KEY": "t", "BRAVE_API_KEY": "b", "EXA_API_KEY": "e"}, "brave"),
        ({"TAVILY_API_KEY": "t", "EXA_API_KEY": "e"}, "tavily"),
        ({"EXA_API_KEY": "e"}, "exa"),
        ({"CALLBOARD_SEARCH": "Exa", "EXA_API_KEY": "e", "BRAVE_API_KEY": "b"}, "exa"),
        ({"CALLBOARD_SEARCH": "off", "EXA_API_KEY": "e"}, None),
    ],
)
def test_the_first_search_service_that_is_configured_is_used_or_the_one_asked_for(
    variables, search
):
    web = settings(**variables).web
    assert web.search == search
    assert web.search_url == ("http://s" if search == "searxng" else None)
    expected = SecretStr(search[0]) if search in {"brave", "tavily", "exa"} else None
    assert web.search_key == expected


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CALLBOARD_SEARCH": "bing"}, "searxng, brave, tavily, exa"),
        ({"CALLBOARD_SEARCH": "brave"}, "BRAVE_API_KEY"),
        ({"CALLBOARD_SEARCH": "searxng"}, "CALLBOARD_SEARCH_URL"),
        ({"CALLBOARD_WEB_ALLOW": "http://localhost"}, "http://localhost"),
        ({"CALLBOARD_WEB_ALLOW": "a,b/c"}, "b/c"),
        ({"CALLBOARD_WEB_ALLOW": "u@host"}, "u@host"),
        ({"CALLBOARD_BROWSER_LOOPBACK": "maybe"}, "`on`"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_way_out(variables, said):
    with pytest.raises(ConfigurationInvalid, match=said):
        settings(**variables)


def test_hosts_come_as_a_list_and_keys_do_not_show():
    web = settings(
        CALLBOARD_WEB_ALLOW="localhost:80, [::1]:9,::1 ,10.0.0.1",
        CALLBOARD_BROWSER_LOOPBACK="OFF",
        CONTEXT7_API_KEY=CANARY,
        EXA_API_KEY=CANARY,
    )
    assert web.web.allow == ("localhost:80", "[::1]:9", "::1", "10.0.0.1")
    assert web.web.browser_loopback is False
    assert CANARY not in repr(web)
    assert CANARY not in repr(WebOptions(search_key=web.web.search_key))


@pytest.mark.anyio
async def test_the_tools_of_an_app_use_what_is_configured(tmp_path):
    home = tmp_path / "home"
    skill = home / "skills" / "greet" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: greet\ndescription: Greets\n---\nSay hello.\n")
    text = {"Content-Type": "text/plain"}
    results = b'{"results": [{"title": "T", "url": "https://t.example", "content": "c"}]}'
    async with (
        LoopbackSite({"/": Reply([b"Says something"], headers=text)}) as site,
        LoopbackEndpoint(Reply([results])) as searching,
    ):
        configured = read_settings(
            {
                "CALLBOARD_HOME": str(home),
                "CALLBOARD_WEB_ALLOW": f"127.0.0.1:{site.port}",
                "CALLBOARD_SEARCH_URL": searching.url,
            }
        )
        app = await build_app(configured, Sources(workspace=tmp_path))

        async def said(called, **arguments):
            tool = app.ports.tools.get(called)
            assert tool is not None
            context = ToolContext("run", "call", WorldWorkspace(World(), str(tmp_path)))
            return str((await tool.run(tool.normalise(arguments), context)).output)

        try:
            assert "something" in await said("read_url", url=f"{site.url}/")
            assert "https://t.example" in await said("web_search", query="q")
            assert "No documentation found" in await said("read_docs", libraryTitle="x")
            assert "Say hello." in await said("skill", name="greet")
            assert "'found': True" in await said("lookup_agent_info", agentId="implementer")
            assert "'found': False" in await said("lookup_agent_info", agentId="nobody")
        finally:
            await app.close()


@pytest.mark.anyio
async def test_what_is_not_configured_says_so():
    web = WebOnDemand(WebOptions(chromium=None))
    with pytest.raises(WebFailed, match="No search service"):
        await web.search("q", deep=False)
    for name in ("brave", "tavily", "exa", "searxng"):
        with pytest.raises(WebFailed, match="No search service"):
            await WebOnDemand(WebOptions(search=name)).search("q", deep=False)


def test_the_runs_of_a_provider_are_bounded_by_its_name():
    assert settings().provider_runs == {}
    found = settings(CALLBOARD_PROVIDER_RUNS="openrouter=20, Google=4").provider_runs
    assert found == {"openrouter": 20, "gemini": 4}


@pytest.mark.parametrize(
    "value", ["openrouter", "openrouter=", "=3", "a=0", "a=-1", "a=9999", "a=x"]
)
def test_a_bound_that_is_none_is_refused_with_an_example(value):
    with pytest.raises(ConfigurationInvalid, match=r"CALLBOARD_PROVIDER_RUNS.*openrouter=20"):
        settings(CALLBOARD_PROVIDER_RUNS=value)

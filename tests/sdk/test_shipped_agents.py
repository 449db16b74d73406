"""The agents that come with Callboard, on scripted models: what their programs do around the model."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from callboard import Agent, Callboard, RunResult
from callboard.domain.message import ToolCallPart
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn

pytestmark = pytest.mark.anyio

MODELS = {
    "base": "anthropic/claude-sonnet-4.6",
    "thinker": "openai/gpt-5",
    "reviewer": "google/gemini-2.5-pro",
    "quick": "google/gemini-2.5-flash",
}


def call(name: str, **arguments: object) -> ScriptedCall:
    return ScriptedCall.model_validate({"tool": name, "arguments": arguments})


@pytest.fixture
def project(tmp_path) -> Path:
    place = tmp_path / "project"
    (place / "src").mkdir(parents=True)
    (place / "src" / "prices.py").write_text("def price(tea):\n    return 3\n")
    (place / "src" / "orders.py").write_text("from prices import price\n")
    (place / "AGENTS.md").write_text("Always add a test.\n")
    subprocess.run(["git", "init", "--quiet"], cwd=place, check=True)
    return place


@pytest.fixture
def played(project, tmp_path):
    async def play(
        agent: str | Agent, prompt: str, scripts: dict[str, list[Turn]], **more: Any
    ) -> tuple[RunResult, ScriptedProvider]:
        named = {MODELS[name]: Script(turns=tuple(turns)) for name, turns in scripts.items()}
        provider = ScriptedProvider(named)
        environ = {"CALLBOARD_HOME": str(tmp_path / "home")}
        providers = {"openrouter": provider}
        async with Callboard(project, providers=providers, environ=environ, **more) as board:
            return await board.run(agent, prompt), provider

    return play


def tools_called(result: RunResult) -> list[str]:
    return [
        part.tool
        for message in result.messages
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]


async def test_the_file_picker_has_looked_before_the_model_is_asked(played):
    answer = [Turn(text="unused"), Turn(text="src/prices.py: where a price is made")]
    result, provider = await played("callboard/file-picker", "price of tea", {"quick": answer})
    assert result.text == "src/prices.py: where a price is made"
    assert tools_called(result) == ["find_files"]
    assert "def price(tea)" in str(provider.requests[0].messages)


async def test_the_researcher_searches_first_and_goes_on_where_no_search_is_configured(played):
    answer = [Turn(text="unused"), Turn(text="I could not search.")]
    result, provider = await played("codebuff/researcher@0.0.1", "How?", {"quick": answer})
    assert tools_called(result) == ["web_search"]
    assert "configured" in str(provider.requests[0].messages[-2])
    assert result.text == "I could not search."


async def test_the_planner_reads_what_it_found_and_has_it_thought_through(played):
    found = "The goal: cheaper tea.\n- src/prices.py\n- `src/orders.py`\nOpen: rounding."
    result, provider = await played(
        "callboard/planner",
        "Make tea cheaper",
        {"thinker": [Turn(text=found), Turn(text="unused")]},
    )
    del result
    thought = provider.requests[-1]
    assert "The task: Make tea cheaper" in str(thought.messages)
    assert "def price(tea)" in str(thought.messages)
    assert "from prices import price" in str(thought.messages)


async def test_the_planner_returns_the_thinkers_plan(played):
    turns = [Turn(text="src/prices.py")]
    result, _ = await played("callboard/planner", "Plan it", {"thinker": turns})
    assert result.value == {"plan": "src/prices.py"}


async def test_the_reviewer_sees_what_was_done_and_cannot_change_it(played, project):
    lead = Agent(
        id="lead",
        display_name="Lead",
        model=MODELS["base"],
        tool_names=("spawn_agents",),
        spawnable_agents=("callboard/reviewer",),
    )
    wish = {"agents": [{"agent_type": "reviewer", "prompt": "prices"}]}
    write = call("write_file", path="src/prices.py", instructions="", content="gone")
    result, provider = await played(
        lead,
        "Have it reviewed",
        {
            "base": [
                Turn(text="I changed it.", calls=(call("spawn_agents", **wish),)),
                Turn(text="ok"),
            ],
            "reviewer": [Turn(text="unused"), Turn(calls=(write,)), Turn(text="Nothing is wrong.")],
        },
    )
    assert result.text == "ok"
    reviewing = [one for one in provider.requests if one.model == MODELS["reviewer"]]
    assert "I changed it." in str(reviewing[0].messages)
    assert "def price" in (project / "src" / "prices.py").read_text()


async def test_base_knows_the_place_and_what_the_project_says_of_itself(played, project):
    result, provider = await played("codebuff/base", "Hello", {"base": [Turn(text="Hello.")]})
    assert result.text == "Hello."
    system = provider.requests[0].system
    assert str(project) in system
    assert "Always add a test." in system
    told = {tool.name for tool in provider.requests[0].tools}
    assert {"spawn_agents", "file_picker", "thinker", "str_replace"} <= told


async def test_base_spawns_agents_side_by_side_and_hears_from_both(played):
    wish = {"agents": [{"agent_type": "file-picker", "prompt": "tea"}, {"agent_type": "thinker"}]}
    result, provider = await played(
        "callboard/base",
        "Think about tea",
        {
            "base": [Turn(calls=(call("spawn_agents", **wish),)), Turn(text="Both answered.")],
            "quick": [Turn(text="unused"), Turn(text="src/prices.py")],
            "thinker": [Turn(text="unused"), Turn(text="unused"), Turn(text="Tea is cheap.")],
        },
    )
    assert result.text == "Both answered."
    heard = str(provider.requests[-1].messages[-1])
    assert "src/prices.py" in heard


@pytest.mark.parametrize(("limit", "shortened"), [(50, True), (100_000, False)])
async def test_the_pruner_shortens_a_conversation_beyond_its_limit_only(played, limit, shortened):
    steps = f"""
def handle_steps(ctx):
    yield "STEP"
    yield {{
        "toolName": "spawn_agent_inline",
        "input": {{"agent_type": "context-pruner", "params": {{"maxContextLength": {limit}}}}},
        "includeToolCall": False,
    }}
    yield "STEP"
"""
    lead = Agent(
        id="lead",
        display_name="Lead",
        model=MODELS["base"],
        tool_names=("list_directory",),
        spawnable_agents=("callboard/context-pruner",),
        handle_steps=steps,
    )
    long = "A long thought. " * 40
    turns = [
        Turn(text=long, calls=(call("list_directory", path="."),)),
        Turn(text="second"),
    ]
    script = [turns[0], turns[1]] if not shortened else [turns[0]]
    result, provider = await played(lead, "Go on", {"base": script})
    assert result.status == "completed"
    last = provider.requests[-1].messages
    assert ("historical_memory" in str(last)) == shortened
    assert any("A long thought." in message.text for message in last)
    assert not any("context-pruner" in str(message) for message in last)

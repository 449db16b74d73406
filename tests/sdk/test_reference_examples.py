"""The examples of the agent reference, word for word from files, run to their ends."""

from pathlib import Path
from typing import Any

import pytest

from callboard import Callboard, RunResult
from callboard.domain.message import ToolCallPart
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn

pytestmark = pytest.mark.anyio

EXAMPLES = Path(__file__).parents[1] / "definitions" / "corpus" / "seed"
SONNET = "anthropic/claude-sonnet-4.5"


@pytest.fixture
def project(tmp_path) -> Path:
    place = tmp_path / "project"
    (place / "src").mkdir(parents=True)
    (place / "src" / "index.ts").write_text("export const a = 1\n")
    (place / "src" / "config.ts").write_text("// TODO: read it from a file\n")
    (place / "src" / "security.ts").write_text("// TODO: check the token\n")
    return place


async def run(
    project: Path, agent: str, scripts: dict[str, list[Turn]], **options: Any
) -> tuple[RunResult, ScriptedProvider]:
    named = {model: Script(turns=tuple(turns)) for model, turns in scripts.items()}
    provider = ScriptedProvider(named)
    board = Callboard(
        project,
        folders=[EXAMPLES],
        providers={"openrouter": provider},
        environ={"CALLBOARD_HOME": str(project.parent / "home")},
    )
    async with board as opened:
        return await opened.run(agent, "go", **options), provider


def called(result: RunResult) -> list[tuple[str, object]]:
    return [
        (part.tool, part.arguments)
        for message in result.messages
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]


async def test_tools_are_combined_by_what_a_search_found(project):
    said = [Turn(text="unused")] * 3 + [Turn(text="All reviewed.")]
    verdict = ScriptedCall.model_validate(
        {
            "tool": "set_output",
            "arguments": {"verdict": "approve", "reason": "fine", "findings": []},
        }
    )
    reviewer = {"anthropic/claude-opus-4.6": [Turn(calls=(verdict,))]}
    result, provider = await run(project, "combining", {SONNET: said, **reviewer}, params={})
    assert result.text == "All reviewed."
    names = [name for name, _ in called(result)]
    assert names == ["code_search", "read_files", "spawn_agents"]
    read = called(result)[1][1]
    assert isinstance(read, dict)
    assert sorted(str(path) for path in read["paths"]) == ["src/config.ts", "src/security.ts"]
    reviewing = [one for one in provider.requests if one.model != SONNET]
    assert "Review security implications in: src/" in str(reviewing[0].messages)


async def test_the_combination_reads_and_spawns_nothing_where_nothing_was_found(project):
    said = [Turn(text="unused"), Turn(text="Nothing to do.")]
    result, _ = await run(project, "combining", {SONNET: said}, params={"searchPattern": "FIXME"})
    assert result.text == "Nothing to do."
    assert [name for name, _ in called(result)] == ["code_search"]


async def test_the_programmatic_example_reads_two_files_and_asks_a_thinker(project):
    said = [Turn(text="unused")] * 2 + [Turn(text="Understood.")]
    thinkers = {model: [Turn(text="It is simple.")] for model in ("openai/gpt-5", "x")}
    result, _ = await run(project, "programmatic", {SONNET: said, **thinkers})
    assert [name for name, _ in called(result)] == ["read_files", "spawn_agents"]
    assert result.text == "Understood."


async def test_the_documentation_writer_has_its_prompts_in_their_places(project):
    said = [Turn(text="Written.")]
    result, provider = await run(project, "documentation-writer", {SONNET: said})
    assert result.text == "Written."
    request = provider.requests[0]
    assert request.system == (EXAMPLES / "prompts" / "doc-writer-system.md").read_text().strip()
    texts = [message.text for message in request.messages]
    assert texts[1].startswith("Create documentation based on the user's request.")
    assert "codebuff/researcher@0.0.1" in texts[1]
    assert texts[-1] == (
        "<system_reminder>Continue working on the documentation. Use end_turn when complete."
        "</system_reminder>"
    )
    assert "researcher" in {tool.name for tool in request.tools}

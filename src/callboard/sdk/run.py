"""The five-line way in."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Unpack

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.events.codec import Recorded
from callboard.ports.tools import Tool
from callboard.sdk.board import Callboard
from callboard.sdk.options import RunOptions
from callboard.sdk.results import RunResult
from callboard.sdk.streams import Piece


async def run(
    agent: AgentDefinition | str,
    prompt: str | None = None,
    *,
    tools: Sequence[Tool] = (),
    agents: Sequence[AgentDefinition] = (),
    workspace: str | Path = ".",
    **options: Unpack[RunOptions],
) -> RunResult:
    """Run one agent and return what it came to. For several runs use `Callboard`.

    Args:
        agent: a definition, or a reference to one of the workspace, the registry or the shipped ones.
        prompt: what to do.
        tools: functions made by `tool`.
        agents: definitions that the agent may spawn.
        workspace: the directory that tools see.
        **options: see `RunOptions`.

    Raises:
        ConfigurationInvalid: an input that does not fit, or a missing key.
        UnknownThing: no such agent, or no such previous run.
    """
    async with Callboard(workspace, agents=agents, tools=tools) as board:
        return await board.run(agent, prompt, **options)


def run_sync(
    agent: AgentDefinition | str,
    prompt: str | None = None,
    *,
    tools: Sequence[Tool] = (),
    agents: Sequence[AgentDefinition] = (),
    workspace: str | Path = ".",
    **options: Unpack[RunOptions],
) -> RunResult:
    """`run`, for code that is not asynchronous."""
    return asyncio.run(
        run(agent, prompt, tools=tools, agents=agents, workspace=workspace, **options)
    )


async def stream(
    agent: AgentDefinition | str,
    prompt: str | None = None,
    *,
    tools: Sequence[Tool] = (),
    agents: Sequence[AgentDefinition] = (),
    workspace: str | Path = ".",
    **options: Unpack[RunOptions],
) -> AsyncIterator[Recorded | Piece]:
    """Run one agent and yield its events, and the pieces of its answers, as they come. See `run`."""
    async with Callboard(workspace, agents=agents, tools=tools) as board:
        async for item in board.stream(agent, prompt, **options):
            yield item

"""What prompts may say of the place where a run works, looked up only where a prompt asks for it."""

import platform

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import CallboardError
from callboard.engine.prompt import (
    KNOWLEDGE_FILES,
    TREE_BUDGETS,
    Surroundings,
    asked_for,
    file_tree,
)
from callboard.ports.workspace import CommandRequest, FileRefused, Workspace
from callboard.runtime.ports import Ports

_MOST_FILES = 10_000
_LARGEST_KNOWLEDGE = 100_000
_LONGEST_GIT = 10_000
_GIT = {
    "git status": "git --no-optional-locks status --short",
    "git diff": "git --no-optional-locks diff",
    "git diff --cached": "git --no-optional-locks diff --cached",
    "git log": "git log -n 10 --oneline",
}


async def surroundings_for(
    ports: Ports, definition: AgentDefinition, root: str, prompt: str | None
) -> Surroundings:
    """Return the values of the placeholders that the definition's prompts hold."""
    wanted = asked_for(definition)
    if not wanted:
        return Surroundings(prompt=prompt)
    values = {
        "AGENT_NAME": definition.display_name or "Unknown Agent",
        "PROJECT_ROOT": root,
        "USER_CWD": root,
        "CURRENT_DATE": f"{ports.clock.now():%B %d, %Y}".replace(" 0", " "),
        "SYSTEM_INFO_PROMPT": _system_info(root),
        "CONFIG_SCHEMA": "",
        "TOOLS_PROMPT": _tools(ports, definition),
        "AGENTS_PROMPT": "\n".join(f"- {name}" for name in definition.spawnable_agents),
    }
    if wanted & {*TREE_BUDGETS, "GIT_CHANGES_PROMPT", "KNOWLEDGE_FILES_CONTENTS"}:
        workspace = await ports.workspaces.open(root)
        try:
            values |= await _looked_up(workspace, wanted)
        finally:
            await workspace.close()
    return Surroundings({name: values[name] for name in wanted & values.keys()}, prompt)


async def _looked_up(workspace: Workspace, wanted: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    trees = wanted & TREE_BUDGETS.keys()
    if trees:
        paths = workspace.files.walk(limit=_MOST_FILES)
        found |= {name: file_tree(paths, TREE_BUDGETS[name]) for name in trees}
    if "KNOWLEDGE_FILES_CONTENTS" in wanted:
        found["KNOWLEDGE_FILES_CONTENTS"] = _knowledge(workspace)
    if "GIT_CHANGES_PROMPT" in wanted:
        found["GIT_CHANGES_PROMPT"] = await _git_changes(workspace)
    return found


def _knowledge(workspace: Workspace) -> str:
    blocks: list[str] = []
    for name in KNOWLEDGE_FILES:
        try:
            content = workspace.files.read(name, max_bytes=_LARGEST_KNOWLEDGE)
        except FileRefused:
            continue
        blocks.append(f"{name}\n```\n{content.decode(errors='replace').strip()}\n```")
    return "\n\n".join(blocks)


async def _git_changes(workspace: Workspace) -> str:
    blocks: list[str] = []
    for title, command in _GIT.items():
        try:
            result = await workspace.commands.run(CommandRequest(command, timeout_s=10.0))
        except CallboardError:
            return ""
        text = result.stdout.strip()
        if result.exit_code == 0 and text:
            blocks.append(f"{title}\n```\n{text[:_LONGEST_GIT]}\n```")
    return "\n\n".join(blocks)


def _system_info(root: str) -> str:
    return f"Operating system: {platform.system()} {platform.machine()}\nWorking directory: {root}"


def _tools(ports: Ports, definition: AgentDefinition) -> str:
    tools = (ports.tools.get(name) for name in definition.tool_names)
    return "\n\n".join(
        f"## {tool.spec.name}\n\n{tool.spec.description}" for tool in tools if tool is not None
    )

"""The words of the definition language: fields, their spellings, and what people write by mistake."""

from typing import Final

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from callboard.domain.definition.agent import (
    AgentDefinition,
    CompactContext,
    InputSchema,
    Limits,
    ReasoningOptions,
)
from callboard.domain.definition.permissions import PermissionRule

PARTS: Final[dict[str, type[BaseModel]]] = {
    "reasoningOptions": ReasoningOptions,
    "inputSchema": InputSchema,
    "compactContext": CompactContext,
    "limits": Limits,
    "permissions": PermissionRule,
}
"""Fields that hold objects of the language (`permissions`: a list of them); all others are opaque."""

PROMPTS: Final = ("systemPrompt", "instructionsPrompt", "stepPrompt")

NOT_USED_YET: Final = frozenset(
    {
        "$schema",
        "completionCheck",
        "parentInstructions",
        "scope",
        "suppressCommitAttribution",
    }
)
"""Fields that files may carry and that this release does not act on."""

MISUSED: Final = {
    "agents": "spawnableAgents",
    "allowedTools": "toolNames",
    "budget": "limits.costUsd",
    "description": "spawnerPrompt",
    "instructions": "instructionsPrompt",
    "maxSteps": "limits.turns",
    "maxTurns": "limits.turns",
    "mcp": "mcpServers",
    "name": "displayName",
    "parentPrompt": "spawnerPrompt",
    "prompt": "instructionsPrompt",
    "reasoning": "reasoningOptions",
    "schema": "outputSchema",
    "subAgents": "spawnableAgents",
    "subagents": "spawnableAgents",
    "system": "systemPrompt",
    "tools": "toolNames",
}
"""What people write, and the field that they mean."""

CONTROL_TOOLS: Final = frozenset(
    {
        "add_message",
        "end_turn",
        "set_messages",
        "set_output",
        "spawn_agent_inline",
        "task_completed",
        "think_deeply",
    }
)

LANGUAGE_TOOLS: Final = CONTROL_TOOLS | {
    "add_subgoal",
    "apply_patch",
    "ask_user",
    "browser_logs",
    "code_search",
    "create_plan",
    "find_files",
    "glob",
    "list_directory",
    "lookup_agent_info",
    "propose_str_replace",
    "propose_write_file",
    "read_docs",
    "read_files",
    "read_subtree",
    "read_url",
    "run_file_change_hooks",
    "run_terminal_command",
    "skill",
    "spawn_agents",
    "spawn_agents_async",
    "str_replace",
    "suggest_followups",
    "task_completed",
    "update_subgoal",
    "web_search",
    "write_file",
    "write_todos",
}
"""Every tool that the language names, whether this build has it or not."""


def spellings(model: type[BaseModel]) -> dict[str, str]:
    """Return each accepted spelling of a model's fields with the language's own one."""
    accepted: dict[str, str] = {}
    for name, field in model.model_fields.items():
        own = field.alias or name
        accepted |= {name: own, to_camel(name): own, own: own}
    return accepted


FIELDS: Final = spellings(AgentDefinition)

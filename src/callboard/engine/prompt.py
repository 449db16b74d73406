"""Prompt assembly: from a run's state to the messages of its next request.

Everything but the trailing step prompt is the same, byte for byte, in the next request.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.frozen import value
from callboard.domain.message import JsonObject, Message, user_message
from callboard.domain.run.state import RunState
from callboard.domain.run.tags import USER_PROMPT
from callboard.engine.tokens import CHARACTERS_PER_TOKEN

STEP_PROMPT = "STEP_PROMPT"
TREE_BUDGETS = {
    "FILE_TREE_PROMPT": 10_000,
    "FILE_TREE_PROMPT_SMALL": 2_500,
    "FILE_TREE_PROMPT_LARGE": 190_000,
}
"""Placeholders for the project's files, with their budgets in tokens."""

KNOWLEDGE_FILES = ("knowledge.md", "AGENTS.md", "CLAUDE.md")
"""Files at the workspace's root in which people write down what an agent should know."""

_PLACEHOLDER = re.compile(r"\{(?:CALLBOARD|CODEBUFF)_([A-Z_]+)\}")
_LATE = frozenset({"REMAINING_STEPS", "USER_INPUT_PROMPT"})
_GO_ON = "<system>Continue from where you left off.</system>"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the prompts are rendered with: values of placeholders, and the run's prompt."""

    values: dict[str, str] = field(default_factory=dict[str, str])
    prompt: str | None = None


@value
class Prompt:
    """The next request's conversation. The first `stable` messages will be there again next time."""

    messages: tuple[Message, ...]
    stable: int


def asked_for(definition: AgentDefinition) -> frozenset[str]:
    """Return the names of the placeholders that a definition's prompts hold."""
    texts = (definition.system_prompt, definition.instructions_prompt, definition.step_prompt)
    return frozenset(name for text in texts for name in _PLACEHOLDER.findall(text))


def next_prompt(state: RunState) -> Prompt:
    """Return the conversation and what is behind it for one request only: the step prompt, or a word to go
    on where the agent spoke last.
    """
    text = _late(state.subject.step_prompt, state).strip()
    stable = len(state.messages)
    if text:
        said = f"<system_reminder>{text}</system_reminder>"
        return Prompt((*state.messages, user_message(said, STEP_PROMPT, expires="turn")), stable)
    if state.messages and state.messages[-1].role == "assistant":
        return Prompt((*state.messages, user_message(_GO_ON, expires="turn")), stable)
    return Prompt(state.messages, stable)


def system_prompt(definition: AgentDefinition, around: Surroundings) -> str:
    """Return the system prompt as rendered once, when the run is created."""
    return _rendered(definition.system_prompt, definition, around).strip()


def step_prompt(definition: AgentDefinition, around: Surroundings) -> str:
    """Return the step prompt with everything rendered that stays the same throughout the run."""
    return _rendered(definition.step_prompt, definition, around, late=True).strip()


@dataclass(frozen=True, slots=True)
class Spawnable:
    """An agent that may be spawned, by the reference that permits it; None where it was not found."""

    id: str
    definition: AgentDefinition | None = None


def instructions_prompt(
    definition: AgentDefinition,
    around: Surroundings,
    spawnable: Sequence[Spawnable],
    *,
    told_others: bool = False,
) -> str:
    """Return the instructions as rendered once, with the agents that may be spawned and the output schema.

    `told_others`: the tools that the model is told about are its parent's; it must know which are its own.
    """
    sections = [_rendered(definition.instructions_prompt, definition, around).strip()]
    can_spawn = {"spawn_agents", "spawn_agent_inline"} & set(definition.tool_names)
    if told_others:
        sections.append(_own_tools(definition))
    if spawnable and can_spawn:
        described = "\n".join(_described(agent) for agent in spawnable)
        sections.append(f"You can spawn the following agents:\n{described}")
    if definition.output_schema is not None:
        schema = {key: value for key, value in definition.output_schema.items() if key != "$schema"}
        sections.append(
            "## Output Schema\n\nGive your result with the set_output tool. It must conform to this "
            "schema; its fields may be passed directly or inside `data`.\n\n"
            f"```json\n{json.dumps(schema, indent=2, ensure_ascii=False)}\n```"
        )
    return "\n\n".join(section for section in sections if section)


def _own_tools(definition: AgentDefinition) -> str:
    names = ", ".join(definition.tool_names) or "none"
    return (
        f"Your only tools are: {names}. Other tools that are described or were used earlier in the "
        "conversation belong to the agent that asked you; calls of them are refused."
    )


def _described(agent: Spawnable) -> str:
    found = agent.definition
    if found is None:
        return f"- {agent.id}"
    lines = [f"- {agent.id}: {found.spawner_prompt}" if found.spawner_prompt else f"- {agent.id}"]
    if found.include_message_history:
        lines.append("  It sees the conversation so far.")
    given = found.input_schema
    if given is not None and given.params is not None:
        lines.append(f"  params: {_schema_text(given.params)}")
    return "\n".join(lines)


def _schema_text(schema: JsonObject) -> str:
    return json.dumps(schema, ensure_ascii=False)


def _rendered(
    text: str, definition: AgentDefinition, around: Surroundings, *, late: bool = False
) -> str:
    """Replace placeholders; `late` leaves those that change from request to request."""
    if "{C" not in text:
        return text
    escaped = _escaped(around.prompt or "")
    names = {
        "AGENT_NAME": definition.display_name or "Unknown Agent",
        "INITIAL_AGENT_PROMPT": escaped,
        "USER_INPUT_PROMPT": escaped,
        "REMAINING_STEPS": "",
        **around.values,
    }
    if late:
        names = {name: value for name, value in names.items() if name not in _LATE}
    return _fill(text, names)


def _late(text: str, state: RunState) -> str:
    if "{C" not in text:
        return text
    turns = state.created.limits.turns
    asked = [message.text for message in state.messages if USER_PROMPT in message.tags]
    said = asked[-1].removeprefix("<user_message>").removesuffix("</user_message>") if asked else ""
    return _fill(
        text,
        {
            "REMAINING_STEPS": "" if turns is None else str(max(turns - state.turn, 0)),
            "USER_INPUT_PROMPT": _escaped(said),
        },
    )


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _fill(text: str, names: dict[str, str]) -> str:
    # In one pass: what a value says is never taken for a placeholder itself.
    return _PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), text)


def file_tree(paths: Sequence[str], tokens: int) -> str:
    """Return paths as an indented tree within a budget; what does not fit is counted, not shown."""
    left = tokens * CHARACTERS_PER_TOKEN
    lines: list[str] = []
    shown: tuple[str, ...] = ()
    for count, path in enumerate(paths):
        *folders, name = path.split("/")
        common = 0
        while common < min(len(folders), len(shown)) and folders[common] == shown[common]:
            common += 1
        new = [f"{'  ' * depth}{folders[depth]}/" for depth in range(common, len(folders))]
        new.append(f"{'  ' * len(folders)}{name}")
        left -= sum(len(line) + 1 for line in new)
        if left < 0:
            lines.append(f"… and {len(paths) - count} more files")
            break
        lines += new
        shown = tuple(folders)
    return "\n".join(lines)

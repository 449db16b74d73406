"""Prompt assembly: from a run's state to the messages of its next request.

Everything but the trailing step prompt is the same, byte for byte, in the next request.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.message import Message, user_message
from callboard.domain.run.state import RunState

STEP_PROMPT = "STEP_PROMPT"
_PLACEHOLDER = re.compile(r"\{(?:CALLBOARD|CODEBUFF)_([A-Z_]+)\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """The next request's conversation. The first `stable` messages will be there again next time."""

    messages: tuple[Message, ...]
    stable: int


def next_prompt(state: RunState) -> Prompt:
    """Return the conversation with the step prompt behind it, which lives for one request only."""
    text = fill(state.subject.definition.step_prompt, state.subject.definition, state).strip()
    stable = len(state.messages)
    if not text:
        return Prompt(state.messages, stable)
    reminder = user_message(
        f"<system_reminder>{text}</system_reminder>", STEP_PROMPT, expires="turn"
    )
    return Prompt((*state.messages, reminder), stable)


def system_prompt(definition: AgentDefinition, prompt: str | None) -> str:
    """Return the system prompt as rendered once, when the run is created."""
    return _fill(definition.system_prompt, _names(definition, prompt)).strip()


@dataclass(frozen=True, slots=True)
class Spawnable:
    """An agent that may be spawned, as its parent's model is told about it."""

    id: str
    spawner_prompt: str | None


def instructions_prompt(
    definition: AgentDefinition, prompt: str | None, spawnable: Sequence[Spawnable]
) -> str:
    """Return the instructions as rendered once, with the agents that may be spawned and the output schema."""
    sections = [_fill(definition.instructions_prompt, _names(definition, prompt)).strip()]
    if spawnable and "spawn_agents" in definition.tool_names:
        lines = [
            f"- {agent.id}: {agent.spawner_prompt}" if agent.spawner_prompt else f"- {agent.id}"
            for agent in spawnable
        ]
        sections.append("You can spawn the following agents:\n" + "\n".join(lines))
    if definition.output_schema is not None:
        schema = {key: value for key, value in definition.output_schema.items() if key != "$schema"}
        sections.append(
            "## Output Schema\n\nGive your result with the set_output tool. It must conform to this "
            "schema; its fields may be passed directly or inside `data`.\n\n"
            f"```json\n{json.dumps(schema, indent=2, ensure_ascii=False)}\n```"
        )
    return "\n\n".join(section for section in sections if section)


def fill(text: str, definition: AgentDefinition, state: RunState) -> str:
    """Replace placeholders of a prompt that is rendered anew for each request."""
    if "{C" not in text:
        return text
    turns = state.created.limits.turns
    names = _names(definition, state.subject.prompt)
    names["REMAINING_STEPS"] = "" if turns is None else str(max(turns - state.turn, 0))
    return _fill(text, names)


def _names(definition: AgentDefinition, prompt: str | None) -> dict[str, str]:
    escaped = json.dumps(prompt or "", ensure_ascii=False)[1:-1]
    return {
        "AGENT_NAME": definition.display_name,
        "INITIAL_AGENT_PROMPT": escaped,
        "USER_INPUT_PROMPT": escaped,
    }


def _fill(text: str, names: dict[str, str]) -> str:
    # In one pass: what a value says is never taken for a placeholder itself.
    return _PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), text)

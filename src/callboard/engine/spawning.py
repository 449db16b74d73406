"""Spawning: which agents a call asks for, whether it may, and what it returns in the end."""

from dataclasses import dataclass

from pydantic import JsonValue

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.references import matching_spawnable
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.message import JsonObject
from callboard.domain.output import LastMessage
from callboard.domain.run.state import Call, RunState
from callboard.domain.tool import json_outputs


@dataclass(frozen=True, slots=True)
class SpawnWish:
    """One entry of a spawning call: `agent` is the permitted reference, or `refusal` says why not."""

    index: int
    requested: str
    agent: str | None
    prompt: str | None
    params: JsonObject | None
    refusal: str = ""


def spawn_wishes(state: RunState, call: Call) -> tuple[SpawnWish, ...]:
    """Return the entries of a call in request order, each permitted or refused with a reason."""
    entries = call.arguments.get("agents")
    if not isinstance(entries, list):
        return ()
    return tuple(_wish(state, index, entry) for index, entry in enumerate(entries))


def _wish(state: RunState, index: int, entry: JsonValue) -> SpawnWish:
    fields = entry if isinstance(entry, dict) else {}
    requested = str(fields.get("agent_type", ""))
    prompt, params = fields.get("prompt"), fields.get("params")
    agent = matching_spawnable(state.subject.definition.spawnable_agents, requested)
    refusal = ""
    if agent is None:
        refusal = (
            f"Agent type {state.subject.definition.id} is not allowed to spawn "
            f"child agent type {requested}."
        )
    elif state.created.limits.depth == 0:
        refusal = "The depth limit is reached: this run may not start further agents."
    return SpawnWish(
        index=index,
        requested=requested,
        agent=None if refusal else agent,
        prompt=prompt if isinstance(prompt, str) else None,
        params=params if isinstance(params, dict) else None,
        refusal=refusal,
    )


def not_runnable(definition: AgentDefinition) -> str:
    """Return why this release cannot run a definition that it can read, or nothing."""
    if definition.handle_steps is None:
        return ""
    return (
        f"agent {definition.id} is programmatic (handleSteps); this release runs agents without "
        "handleSteps only"
    )


def child_run_id(state: RunState, call: Call, index: int) -> str:
    """Return the id of a child run: the same one whenever the same call is carried out again."""
    place = next((at for at, known in enumerate(state.calls) if known.call_id == call.call_id), 0)
    return f"{state.run_id}.{state.turn}-{place}-{index}"


def spawn_result(state: RunState, call: Call) -> ToolCallCompleted:
    """Return the outcome of a spawning call whose children have all ended, in request order."""
    results: dict[int, JsonValue] = {
        refused.index: {
            "agentType": refused.agent,
            "agentName": refused.agent,
            "value": {"errorMessage": f"Error spawning agent: Error: {refused.message}"},
        }
        for refused in state.refused_children
        if refused.origin == call.call_id
    }
    for child in state.children:
        if child.started.origin == call.call_id and child.ended is not None:
            output = child.ended.output
            # `text` repeats `value`; the parent's model should not pay for it twice.
            skip = {"text"} if isinstance(output, LastMessage) else set[str]()
            results[child.started.index] = {
                "agentName": child.started.agent_name,
                "agentType": child.started.agent,
                "value": output.model_dump(mode="json", exclude=skip),
            }
    ordered = [results[index] for index in sorted(results)]
    return ToolCallCompleted(
        turn=state.turn, call_id=call.call_id, tool=call.tool, output=json_outputs(ordered)
    )

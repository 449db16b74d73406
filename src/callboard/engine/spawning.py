"""Spawning: which agents a call asks for, whether it may, and what it returns in the end."""

from dataclasses import dataclass

from pydantic import JsonValue

from callboard.domain.definition.references import matching_spawnable
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.message import JsonObject
from callboard.domain.output import ErrorOutput, LastMessage
from callboard.domain.run.call import Call
from callboard.domain.run.state import RunState
from callboard.domain.tool import json_outputs

SPAWN_INLINE = "spawn_agent_inline"


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
    if call.tool == SPAWN_INLINE:
        return (_wish(state, 0, call.arguments),)
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


def child_run_id(state: RunState, call: Call, index: int) -> str:
    """Return the id of a child run: the same one whenever the same call is carried out again."""
    place = next((at for at, known in enumerate(state.calls) if known.call_id == call.call_id), 0)
    if state.program is not None and state.program.mode == "calls":
        return f"{state.run_id}.p{state.program.yields}-{place}-{index}"
    return f"{state.run_id}.{state.turn}-{place}-{index}"


def spawn_result(state: RunState, call: Call) -> ToolCallCompleted:
    """Return the outcome of a spawning call whose children have all ended, in request order.

    A child that came to nothing is an error in the parent's eyes, not a result that looks like one.
    """
    if call.tool == SPAWN_INLINE:
        return _inline_result(state, call)
    results: dict[int, JsonValue] = {
        refused.index: {
            "agentType": refused.agent,
            "agentName": refused.agent,
            "value": {"errorMessage": f"Error spawning agent: Error: {refused.message}"},
        }
        for refused in state.refused_children
        if refused.origin == call.call_id
    }
    failures = len(results)
    for child in state.children:
        if child.started.origin == call.call_id and child.ended is not None:
            output = child.ended.output
            # `text` repeats `value`; the parent's model should not pay for it twice.
            skip = {"text"} if isinstance(output, LastMessage) else set[str]()
            entry: dict[str, JsonValue] = {
                "agentName": child.started.agent_name,
                "agentType": child.started.agent,
                "value": output.model_dump(mode="json", exclude=skip),
            }
            if isinstance(output, ErrorOutput):
                entry["errorMessage"] = f"The agent {child.ended.status}: {output.message}"
                failures += 1
            results[child.started.index] = entry
    ordered = [results[index] for index in sorted(results)]
    return ToolCallCompleted(
        turn=state.turn,
        call_id=call.call_id,
        tool=call.tool,
        output=json_outputs(ordered),
        is_error=bool(ordered) and failures == len(ordered),
    )


def _inline_result(state: RunState, call: Call) -> ToolCallCompleted:
    ended = [child.ended for child in state.children if child.started.origin == call.call_id]
    refused = [each.message for each in state.refused_children if each.origin == call.call_id]
    outputs = [each.output for each in ended if each is not None]
    faults = [output.message for output in outputs if isinstance(output, ErrorOutput)]
    problems = [*refused, *faults]
    value: JsonValue = {"message": "Agent spawned."}
    if problems:
        value = {"errorMessage": f"Error spawning agent: {problems[0]}"}
    return ToolCallCompleted(
        turn=state.turn,
        call_id=call.call_id,
        tool=call.tool,
        output=json_outputs(value),
        is_error=bool(problems),
    )

"""The protocol between a run and its program: what it is told, and what its yields mean. Pure."""

import hashlib
import json
import re
from dataclasses import dataclass

from pydantic import JsonValue

from callboard.domain.definition.program import program_source
from callboard.domain.events.program import ProgramStarted, YieldKind
from callboard.domain.message import JsonObject, JsonOutput, ToolResultPart
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolSpec
from callboard.engine.endings import turn_ends
from callboard.engine.tokens import tokens_in, tokens_of
from callboard.engine.transcript import to_language

CONTROL_TOOLS = frozenset(
    {
        *("add_message", "end_turn", "set_messages", "set_output"),
        *("spawn_agent_inline", "task_completed", "think_deeply"),
    }
)
"""What a program may call beside the tools in `toolNames`."""

MOST_SAMPLES = 16
_SHOWN = 500
_MATCH = re.compile(r"(.+?):\d+:")


class YieldInvalid(Exception):
    """A program yielded something that the language does not have; the message names what it was."""


@dataclass(frozen=True, slots=True)
class Yield:
    """A checked yield. `tool` and `input` belong to `tool`, `text` to `text`, `count` to `generate`."""

    kind: YieldKind
    tool: str = ""
    input: JsonObject | None = None
    shown: bool = True
    text: str = ""
    count: int = 0


def program_started(state: RunState) -> ProgramStarted:
    """Return the first event of the run's program. The seed follows from the run's id, so that a crash
    before this event is stored changes nothing; a fork keeps its origin's.
    """
    source = program_source(state.subject.definition.handle_steps or "")
    seed = hashlib.sha256(f"seed {state.run_id}".encode()).hexdigest()[:32]
    return ProgramStarted(source_digest=source.digest, seed=seed)


def program_context(state: RunState, specs: tuple[ToolSpec, ...]) -> JsonObject:
    """Return what the generator function is called with."""
    return {
        "agentState": agent_state(state, specs),
        "prompt": state.subject.prompt,
        "params": state.subject.params,
        "model": state.subject.model,
    }


def program_resume(state: RunState, specs: tuple[ToolSpec, ...]) -> JsonObject | None:
    """Return what the program's last yield comes to; None before the first one.

    `toolText` is what `toolResult` says where JavaScript turns it into a string.
    """
    program = state.program
    if program is None or program.yields == 0:
        return None
    outputs: list[JsonValue] = [
        output.model_dump(mode="json") for result in program.results for output in result.output
    ]
    samples = sorted(program.samples, key=lambda sample: sample.index)
    return {
        "agentState": agent_state(state, specs),
        "toolResult": outputs,
        "toolError": _error(program.results),
        "toolText": _text(program.results),
        "stepsComplete": steps_complete(state),
        "nResponses": [sample.text for sample in samples] if program.sampled else None,
    }


def steps_complete(state: RunState) -> bool:
    """Return whether the model's last answer ended the turn, as the program is told."""
    if state.program is None:
        return False
    if state.outcome is not None:
        return turn_ends(state, state.outcome)
    return state.program.steps_complete


def agent_state(state: RunState, specs: tuple[ToolSpec, ...]) -> JsonObject:
    """Return the public snapshot of a run that programs see."""
    parent = state.created.parent
    turns = state.created.limits.turns
    described: dict[str, JsonValue] = {
        spec.name: {"description": spec.description, "inputSchema": spec.input_schema}
        for spec in specs
    }
    snapshot: JsonObject = {
        "agentId": state.run_id,
        "agentType": state.subject.definition.id,
        "runId": state.run_id,
        "messageHistory": list(to_language(state.messages, whole=True)),
        "systemPrompt": state.subject.system,
        "toolDefinitions": described,
        "contextTokenCount": tokens_of(state.messages) + tokens_in(state.subject.system),
        "stepsRemaining": None if turns is None else max(turns - state.turn, 0),
        "creditsUsed": float(state.bill.known_usd * 100),
        "agentContext": {name: one.model_dump(mode="json") for name, one in state.subgoals.items()},
    }
    if parent is not None:
        snapshot["parentId"] = parent.run_id
    if state.output_is_set:
        snapshot["output"] = state.output
    return snapshot


def _error(results: tuple[ToolResultPart, ...]) -> str | None:
    for result in results:
        for output in result.output:
            value = output.value if isinstance(output, JsonOutput) else None
            if isinstance(value, dict) and "errorMessage" in value:
                return str(value["errorMessage"])
        if result.is_error:
            return f"{result.tool} failed"
    return None


def _text(results: tuple[ToolResultPart, ...]) -> str:
    """Return a result as the JSON text of its value; of a search, that of the list of matching paths."""
    if not results or not results[0].output:
        return "[]"
    first = results[0].output[0]
    value = first.value if isinstance(first, JsonOutput) else first.model_dump(mode="json")
    if results[0].tool == "code_search" and isinstance(value, dict):
        value = _matching_paths(str(value.get("stdout", "")))
    return json.dumps(value, ensure_ascii=False)


def _matching_paths(found: str) -> list[JsonValue]:
    lines = [line for line in found.splitlines() if line.strip() and not line.startswith("[")]
    matches = [match[1] for line in lines if (match := _MATCH.match(line))]
    return list(dict.fromkeys(matches or lines))


def digest_of(value: JsonValue) -> str:
    """Return the SHA-256 of a yielded value: equal ones are equal whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_yield(agent: str, value: JsonValue) -> Yield:
    """Return what a program yielded, checked.

    Raises:
        YieldInvalid: the language has no such yield.
    """
    match value:
        case "STEP":
            return Yield("step")
        case "STEP_ALL":
            return Yield("step_all")
        case {"type": "STEP_TEXT", "text": str(text)}:
            return Yield("text", text=text)
        case {"type": "GENERATE_N", "n": int(count)} if not isinstance(count, bool):
            if 1 <= count <= MOST_SAMPLES:
                return Yield("generate", count=count)
            raise _invalid(agent, value, f"n must be 1 to {MOST_SAMPLES}")
        case dict():
            return _tool_call(agent, value)
        case _:
            raise _invalid(
                agent, value, "expected a tool call, STEP, STEP_ALL, STEP_TEXT, GENERATE_N"
            )


def _tool_call(agent: str, value: JsonObject) -> Yield:
    tool = value.get("toolName", value.get("tool_name"))
    given = value.get("input", value.get("args", {}))
    shown = value.get("includeToolCall", value.get("include_tool_call"))
    if not isinstance(tool, str) or not tool:
        raise _invalid(agent, value, "toolName must be a text")
    if not isinstance(given, dict):
        raise _invalid(agent, value, "input must be an object")
    if shown is not None and not isinstance(shown, bool):
        raise _invalid(agent, value, "includeToolCall must be true or false")
    return Yield("tool", tool=tool, input=given, shown=shown is not False)


def _invalid(agent: str, value: JsonValue, what: str) -> YieldInvalid:
    return YieldInvalid(
        f"Invalid yield value from handleSteps in agent {agent}: {what}. Received: {shown_value(value)}"
    )


def shown_value(value: JsonValue) -> str:
    """Return a yielded value as a person reads it, shortened."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

"""From what a program yielded to events."""

from dataclasses import replace
from datetime import datetime

from pydantic import JsonValue

from callboard.domain.events.program import ProgramEnded, ProgramLog, ProgramYielded
from callboard.domain.events.tool_call import CallRequest, ToolCallRefused
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import Message, Part, TextPart, ToolCallPart
from callboard.domain.run.state import RunState
from callboard.engine.programs import (
    CONTROL_TOOLS,
    Yield,
    YieldInvalid,
    digest_of,
    read_yield,
    steps_complete,
)
from callboard.engine.text_calls import split_calls
from callboard.ports.programs import Advanced
from callboard.runtime.answers import Offer, sorted_calls

_STEPS: dict[str, JsonValue] = {"step": "STEP", "step_all": "STEP_ALL"}


def yielded_events(
    state: RunState, offer: Offer, advanced: Advanced, clock: datetime
) -> tuple[AnyEvent, ...]:
    """Return what to append for a yield: the yield with the calls to be made, then the refusals.

    Raises:
        YieldInvalid: the language has no such yield, or it calls a tool that the agent does not have.
    """
    index = 1 if state.program is None else state.program.yields + 1
    wish = read_yield(state.subject.definition.id, advanced.value)
    parts = _parts(wish, index)
    requests, refusals = _calls(state, offer, wish, parts)
    yielded = ProgramYielded(
        index=index,
        kind=wish.kind,
        digest=digest_of(advanced.value),
        clock=clock,
        steps_complete=steps_complete(state),
        message=Message(role="assistant", parts=parts) if parts else None,
        shown=wish.shown,
        requests=requests,
        count=wish.count,
        logs=tuple(
            ProgramLog(level=line.level, data=line.data, message=line.message)
            for line in advanced.logs
        ),
    )
    return (yielded, *refusals)


def _parts(wish: Yield, index: int) -> tuple[Part, ...]:
    if wish.kind == "tool":
        return (ToolCallPart(call_id=f"p{index}", tool=wish.tool, arguments=wish.input),)
    if wish.kind == "text":
        parts = split_calls(wish.text, f"p{index}-")
        return tuple(
            part
            for part in parts
            if not isinstance(part, ToolCallPart) or part.arguments is not None
        )
    return ()


def _calls(
    state: RunState, offer: Offer, wish: Yield, parts: tuple[Part, ...]
) -> tuple[tuple[CallRequest, ...], tuple[ToolCallRefused, ...]]:
    allowed = replace(offer, names=offer.names | CONTROL_TOOLS)
    requests, refusals = sorted_calls(state, allowed, state.turn, parts)
    if wish.kind == "tool":
        for refusal in refusals:
            if refusal.reason in ("not_available", "unknown_tool"):
                raise YieldInvalid(_not_its_tool(state, allowed, wish.tool))
    return requests, refusals


def _not_its_tool(state: RunState, offer: Offer, tool: str) -> str:
    listed = ", ".join(sorted(offer.names))
    return (
        f"Tool {tool} is not available for agent {state.subject.definition.id}: add it to toolNames. "
        f"Available tools: {listed}"
    )


def recorded_yield(event: ProgramYielded) -> JsonValue:
    """Return a recorded yield in the language's shape, as far as people need to recognise it."""
    if event.kind in _STEPS:
        return _STEPS[event.kind]
    if event.kind == "generate":
        return {"type": "GENERATE_N", "n": event.count}
    parts = () if event.message is None else event.message.parts
    if event.kind == "tool":
        calls = [part for part in parts if isinstance(part, ToolCallPart)]
        return {"toolName": calls[0].tool, "input": calls[0].arguments} if calls else None
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    return {"type": "STEP_TEXT", "text": "\n".join(texts)}


def program_failed(state: RunState, message: str) -> ProgramEnded:
    """Return the end of a program that failed."""
    agent = state.subject.definition.id
    return ProgramEnded(
        ending="failed", message=f"Error executing handleSteps for agent {agent}: {message}"
    )

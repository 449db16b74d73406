"""From a model's answer to events: every call becomes a request that fits its tool, or a refusal that
tells the model why. Whatever the model wrote, nothing here raises.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from callboard.domain.definition.references import matching_spawnable
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.tool_call import CallRequest, ToolCallRefused
from callboard.domain.events.union import AnyEvent
from callboard.domain.frozen import unchecked
from callboard.domain.message import (
    TOO_DEEP,
    JsonObject,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    is_deeper,
)
from callboard.domain.run.state import RunState
from callboard.engine.repair import meant_name, repaired_object
from callboard.engine.text_calls import has_text_calls, split_calls
from callboard.ports.model import ModelAnswer
from callboard.ports.schemas import Schemas
from callboard.ports.tools import ArgumentsInvalid, Tool, ToolCatalog

MAX_CALLS = 128
"""Calls of one answer that are carried out; further ones are refused."""

_MAX_SHOWN = 500
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TRY_AGAIN = "Please check the tool name and arguments and try again."


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools that a run may call, by name, and how outputs are checked."""

    catalog: ToolCatalog
    names: frozenset[str]
    schemas: Schemas

    def tool(self, name: str) -> Tool | None:
        """Return an offered tool."""
        return self.catalog.get(name) if name in self.names else None


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """Why a call is not made."""

    reason: str
    message: str


_TOO_MANY = Refusal("invalid_arguments", f"At most {MAX_CALLS} calls are made in one turn.")


def answer_events(
    state: RunState, offer: Offer, answer: ModelAnswer, *, attempt: int, duration_ms: int
) -> tuple[AnyEvent, ...]:
    """Return what to append for an answer: the answer with the calls to be made, then the refusals."""
    turn = state.turn + 1
    parts = _plain_names(_with_text_calls(state, answer.parts))
    requests, refusals = sorted_calls(state, offer, turn, parts)
    completed = ModelCallCompleted(
        turn=turn,
        attempt=attempt,
        message=unchecked(Message, role="assistant", parts=parts, tags=(), expires=None),
        finish=answer.finish,
        usage=answer.usage,
        cost_usd=answer.cost_usd,
        market_usd=answer.market_usd,
        basis=answer.cost_basis,
        requests=requests,
        answered_by=answer.answered_by,
        credential=answer.credential,
        duration_ms=duration_ms,
    )
    return (completed, *refusals)


def sorted_calls(
    state: RunState, offer: Offer, turn: int, parts: Iterable[Part]
) -> tuple[tuple[CallRequest, ...], tuple[ToolCallRefused, ...]]:
    """Return the calls among the parts of a message that are to be made, and the refusals of the others."""
    requests: list[CallRequest] = []
    refusals: list[ToolCallRefused] = []
    calls = [part for part in parts if isinstance(part, ToolCallPart)]
    for part in calls[:MAX_CALLS]:
        try:
            requests.append(_request(state, offer, part))
        except Refusal as refusal:
            refusals.append(_refused(turn, part, refusal))
    refusals += [_refused(turn, part, _TOO_MANY) for part in calls[MAX_CALLS:]]
    return tuple(requests), tuple(refusals)


def _refused(turn: int, part: ToolCallPart, refusal: Refusal) -> ToolCallRefused:
    return ToolCallRefused(
        turn=turn,
        call_id=part.call_id,
        tool=part.tool,
        reason=refusal.reason,
        message=refusal.message,
    )


def _with_text_calls(state: RunState, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Find calls in the text of an answer that has no others: some models write them there."""
    if "tool_call" in [part.kind for part in parts]:
        return parts
    found: list[Part] = []
    for part in parts:
        if isinstance(part, TextPart) and has_text_calls(part.text):
            found += split_calls(part.text, f"t{state.turn + 1}-{len(found)}-")
        else:
            found.append(part)
    return tuple(found)


def _plain_names(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Spell tool names and ids so that every vendor takes them back, and make ids unique."""
    seen: set[str] = set()
    plain: list[Part] = []
    for part in parts:
        if not isinstance(part, ToolCallPart):
            plain.append(part)
            continue
        name = _plain(part.tool) or "unknown"
        call_id = _plain(part.call_id)
        if not call_id or call_id in seen:
            call_id = next(new for n in range(1, 10_000) if (new := f"call_{n}") not in seen)
        seen.add(call_id)
        same = name == part.tool and call_id == part.call_id
        plain.append(part if same else part.model_copy(update={"tool": name, "call_id": call_id}))
    return tuple(plain)


def _plain(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]


def _request(state: RunState, offer: Offer, part: ToolCallPart) -> CallRequest:
    name, tool, arguments = _resolved(state, offer, part)
    checked = _checked(state, offer, name, tool, arguments)
    return CallRequest(
        call_id=part.call_id,
        tool=name,
        facts=tool.facts,
        arguments=None if checked == part.arguments else checked,
    )


def _resolved(state: RunState, offer: Offer, part: ToolCallPart) -> tuple[str, Tool, JsonObject]:
    """Return the tool that a call means, however it is spelt; an agent's own name means spawning it."""
    arguments = part.arguments if part.arguments is not None else repaired_object(part.raw or "")
    if arguments is None:
        shown = (part.raw or "")[:_MAX_SHOWN]
        raise Refusal(
            "invalid_arguments",
            f"Invalid parameters for {part.tool}: expected the tool arguments to be a JSON object, "
            f"but received: {shown!r}. {_TRY_AGAIN}",
        )
    if is_deeper(arguments):
        raise Refusal(
            "invalid_arguments",
            f"Invalid parameters for {part.tool}: {TOO_DEEP}. {_TRY_AGAIN}",
        )
    name = meant_name(part.tool, offer.names)
    tool = offer.tool(name)
    if tool is not None:
        return name, tool, arguments
    spawn = offer.tool("spawn_agents")
    agent = matching_spawnable(state.subject.definition.spawnable_agents, part.tool)
    if spawn is not None and agent is not None:
        entry: JsonObject = {"agent_type": agent, **arguments}
        return "spawn_agents", spawn, {"agents": [entry]}
    raise _unknown(offer.catalog.names(), offer.names, part.tool)


def _unknown(known: Collection[str], offered: frozenset[str], name: str) -> Refusal:
    close = get_close_matches(name, offered, n=1)
    hint = f" Did you mean `{close[0]}`?" if close else ""
    listed = ", ".join(sorted(offered)) or "none"
    reason = "not_available" if name in known else "unknown_tool"
    what = "is not available to you" if name in known else "does not exist"
    return Refusal(reason, f"Tool `{name}` {what}.{hint} Your tools: {listed}. {_TRY_AGAIN}")


def _checked(
    state: RunState, offer: Offer, name: str, tool: Tool, arguments: JsonObject
) -> JsonObject:
    try:
        if name == "set_output":
            return {"data": _output(state, offer, arguments)}
        return tool.normalise(arguments)
    except ArgumentsInvalid as error:
        raise Refusal(
            "invalid_arguments", f"Invalid parameters for {name}: {error} {_TRY_AGAIN}"
        ) from None


def _output(state: RunState, offer: Offer, arguments: JsonObject) -> JsonObject:
    """Return the object that a set_output call means: the arguments themselves, or their `data`."""
    inner = arguments.get("data")
    schema = state.subject.definition.output_schema
    if schema is None:
        return inner if isinstance(inner, dict) and len(arguments) == 1 else arguments
    issues = offer.schemas.issues(schema, arguments)
    if not issues:
        return arguments
    if isinstance(inner, dict):
        issues = offer.schemas.issues(schema, inner)
        if not issues:
            return inner
    raise ArgumentsInvalid(
        "Output validation error: Output failed to match the output schema and was ignored. "
        f"Issues: {'; '.join(issues)}"
    )

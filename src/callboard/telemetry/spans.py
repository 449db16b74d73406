"""What events are as spans, by the GenAI conventions of OpenTelemetry. Ids follow from the run's, so that processes
that never met write the same trace: the whole tree of a run is one.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from callboard.domain.events.codec import Recorded
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallFailed
from callboard.domain.events.program import SampleCompleted, SampleFailed
from callboard.domain.events.run import (
    AgentSubject,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
)
from callboard.domain.events.tool_call import ToolCallCompleted, ToolCallInterrupted
from callboard.domain.message import Message, ReasoningPart, TextPart, ToolCallPart
from callboard.domain.usage import Usage
from callboard.telemetry.run_facts import RunFacts

Value = str | int | float | tuple[str, ...]
Attributes = dict[str, Value]

_MOST_CHARS: Final = 64_000


@dataclass(frozen=True, slots=True)
class SpanFacts:
    """A span as it is written: `trace` and the ids are hexadecimal, `parent` None for the root of a trace. `error` says
    what kind of failure it ended in, None where it did not.
    """

    name: str
    kind: Literal["internal", "client"]
    trace: str
    span: str
    parent: str | None
    began_at: datetime
    ended_at: datetime
    attributes: Attributes = field(default_factory=dict[str, Value])
    error: str | None = None


def span_of(facts: RunFacts, recorded: Recorded, *, content: bool = False) -> SpanFacts | None:
    """Return the span that an event completes; None where it completes none.

    Args:
        facts: what is known of the run, after this event.
        recorded: the event.
        content: whether what was said, and what tools were given and gave, goes along.
    """
    event = recorded.event
    match event:
        case ModelCallCompleted() | SampleCompleted():
            return _chat(facts, recorded, event, content=content)
        case ModelCallFailed() | SampleFailed():
            return _failed_chat(facts, recorded, event)
        case ToolCallCompleted() | ToolCallInterrupted():
            return _tool(facts, recorded, event, content=content)
        case RunCompleted() | RunFailed() | RunCancelled():
            return _whole(facts, recorded, event)
        case _:
            return None


def opening_of(event: RunCreated) -> Attributes:
    """Return what a run was told, for the content of its span."""
    subject = event.subject
    if not isinstance(subject, AgentSubject):
        return {}
    found: Attributes = {}
    if subject.system:
        found["gen_ai.system_instructions"] = _json([{"type": "text", "content": subject.system}])
    if subject.prompt:
        said = {"role": "user", "parts": [{"type": "text", "content": subject.prompt}]}
        found["gen_ai.input.messages"] = _json([said])
    return found


def trace_id(root_id: str) -> str:
    """Return the id of the trace of a run and everything below it."""
    return hashlib.sha256(b"trace " + root_id.encode()).hexdigest()[:32]


def span_id(name: str) -> str:
    """Return the id of a run's own span, or of a part of it."""
    return hashlib.sha256(b"span " + name.encode()).hexdigest()[:16]


def _chat(
    facts: RunFacts,
    recorded: Recorded,
    event: ModelCallCompleted | SampleCompleted,
    *,
    content: bool,
) -> SpanFacts:
    attributes = _of_model(facts) | _of_usage(event.usage)
    if isinstance(event, ModelCallCompleted):
        attributes["gen_ai.response.finish_reasons"] = (event.finish,)
        if event.answered_by is not None:
            attributes["gen_ai.response.model"] = event.answered_by
        if content:
            attributes["gen_ai.output.messages"] = _json([_said(event.message, event.finish)])
    began_at = recorded.at - timedelta(milliseconds=event.duration_ms)
    return _Part(f"chat {facts.model}", "client", began_at, attributes).of(facts, recorded)


def _failed_chat(
    facts: RunFacts, recorded: Recorded, event: ModelCallFailed | SampleFailed
) -> SpanFacts:
    part = _Part(
        f"chat {facts.model}", "client", recorded.at, _of_model(facts), event.failure.reason
    )
    return part.of(facts, recorded)


def _tool(
    facts: RunFacts,
    recorded: Recorded,
    event: ToolCallCompleted | ToolCallInterrupted,
    *,
    content: bool,
) -> SpanFacts:
    attributes: Attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": event.call_id,
        "gen_ai.conversation.id": facts.root_id,
    }
    if isinstance(event, ToolCallInterrupted):
        lost = _Part("execute_tool", "internal", recorded.at, attributes, "outcome_unknown")
        return lost.of(facts, recorded)
    attributes["gen_ai.tool.name"] = event.tool
    if content and event.output is not None:
        outputs = [output.model_dump(mode="json") for output in event.output]
        attributes["gen_ai.tool.call.result"] = _json(outputs)
    began_at = recorded.at - timedelta(milliseconds=event.duration_ms)
    error = "tool_error" if event.is_error else None
    part = _Part(f"execute_tool {event.tool}", "internal", began_at, attributes, error)
    return part.of(facts, recorded)


def _whole(
    facts: RunFacts, recorded: Recorded, event: RunCompleted | RunFailed | RunCancelled
) -> SpanFacts:
    error = None if isinstance(event, RunCompleted) else event.type.removeprefix("run.")
    attributes: Attributes = {"gen_ai.conversation.id": facts.root_id}
    if facts.workflow:
        operation, named = "invoke_workflow", facts.workflow
        attributes["gen_ai.workflow.name"] = facts.workflow
    else:
        operation, named = "invoke_agent", facts.name
        attributes |= {
            "gen_ai.provider.name": facts.provider,
            "gen_ai.request.model": facts.model,
            "gen_ai.agent.id": facts.agent,
            "gen_ai.agent.name": facts.name,
            "gen_ai.agent.version": facts.version,
        }
    return SpanFacts(
        name=f"{operation} {named}",
        kind="internal",
        trace=trace_id(facts.root_id),
        span=span_id(facts.run_id),
        parent=None if facts.parent_id is None else span_id(facts.parent_id),
        began_at=facts.began_at,
        ended_at=max(recorded.at, facts.began_at),
        attributes={"gen_ai.operation.name": operation} | attributes,
        error=error,
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Something that a run did."""

    name: str
    kind: Literal["internal", "client"]
    began_at: datetime
    attributes: Attributes
    error: str | None = None

    def of(self, facts: RunFacts, recorded: Recorded) -> SpanFacts:
        return SpanFacts(
            name=self.name,
            kind=self.kind,
            trace=trace_id(facts.root_id),
            span=span_id(f"{facts.run_id} {recorded.seq}"),
            parent=span_id(facts.run_id),
            began_at=max(self.began_at, facts.began_at),
            ended_at=max(recorded.at, facts.began_at),
            attributes=self.attributes,
            error=self.error,
        )


def _of_model(facts: RunFacts) -> Attributes:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": facts.provider,
        "gen_ai.request.model": facts.model,
        "gen_ai.conversation.id": facts.root_id,
        "gen_ai.agent.id": facts.agent,
        "gen_ai.agent.name": facts.name,
    }


def _of_usage(usage: Usage | None) -> Attributes:
    if usage is None:
        return {}
    counted = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read.input_tokens": usage.cache_read_tokens,
        "cache_creation.input_tokens": usage.cache_write_tokens,
        "reasoning.output_tokens": usage.reasoning_tokens,
    }
    always = ("input_tokens", "output_tokens")
    return {
        f"gen_ai.usage.{name}": count
        for name, count in counted.items()
        if count > 0 or name in always
    }


def _said(message: Message, finish: str) -> dict[str, object]:
    parts: list[dict[str, object]] = []
    for part in message.parts:
        match part:
            case TextPart():
                parts.append({"type": "text", "content": part.text})
            case ReasoningPart():
                parts.append({"type": "reasoning", "content": part.text})
            case ToolCallPart():
                called = {"id": part.call_id, "name": part.tool, "arguments": part.arguments}
                parts.append({"type": "tool_call", **called})
            case _:
                pass
    return {"role": "assistant", "parts": parts, "finish_reason": finish}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:_MOST_CHARS]

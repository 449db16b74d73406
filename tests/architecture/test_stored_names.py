"""Every word that ends up in a log. Stored names are for ever: this list grows, its words never change."""

import re
from collections.abc import Iterator
from typing import Any, cast, get_args

import pytest

from callboard.domain.events.union import AnyEvent, event_adapter
from callboard.domain.run import tags
from callboard.domain.run_row import RunRow, RunStatus
from callboard.providers.wire import failures

from .sources import argument, calls, modules, texts

EVENT_TYPES = {
    "approval.given",
    "budget.reached",
    "cancellation.requested",
    "change.committed",
    "change.landed",
    "check.completed",
    "check.started",
    "child_run.ended",
    "child_run.refused",
    "child_run.started",
    "child_run.suspended",
    "comment.added",
    "context.compacted",
    "files.changed",
    "gate.decided",
    "gate.expired",
    "gate.opened",
    "gate.withdrawn",
    "loop.detected",
    "message.added",
    "messages.replaced",
    "model_call.completed",
    "model.replaced",
    "model_call.failed",
    "model_call.started",
    "output.set",
    "policy.changed",
    "program.ended",
    "program.started",
    "program.yielded",
    "run.cancelled",
    "run.completed",
    "run.created",
    "run.failed",
    "run.resumed",
    "sample.completed",
    "sample.failed",
    "sample.started",
    "step.assigned",
    "step.ended",
    "step.postponed",
    "step.skipped",
    "step.started",
    "subgoal.recorded",
    "tool_call.completed",
    "tool_call.interrupted",
    "tool_call.refused",
    "tool_call.started",
}

PARTICIPLES = {
    *(
        "added",
        "assigned",
        "landed",
        "postponed",
        "skipped",
        "cancelled",
        "changed",
        "compacted",
        "recorded",
        "yielded",
        "committed",
        "completed",
        "created",
        "decided",
        "ended",
        "detected",
    ),
    *("failed", "interrupted", "opened", "refused", "replaced", "requested", "resumed", "set"),
    "suspended",
    "started",
    "reached",
    "given",
    "expired",
    "withdrawn",
}

LEVELS = {"agent", "organisation", "parent", "run", "space"}
BASES = {"estimated", "included", "metered", "unknown"}
SOURCES = {"mcp", "people", "repository", "tool", "web"}

CHOICES = {
    "Actor.kind": {"agent", "integration", "person", "schedule", "system"},
    "AgentDefinition.onUnknownOutcome": {"ask", "tell_model"},
    "AgentDefinition.outputMode": {"all_messages", "last_message", "structured_output"},
    "AgentStep.kind": {"agent"},
    "AgentSubject.kind": {"agent"},
    "AllMessages.type": {"allMessages"},
    "AskingRule.level": LEVELS,
    "ChildRunEnded.status": {"cancelled", "completed", "failed"},
    "CommandCheck.kind": {"command"},
    "ContextItem.kind": {"file", "link", "text"},
    "DiffCheck.kind": {"diff"},
    "ErrorOutput.type": {"error"},
    "FileCheck.kind": {"file"},
    "FileChange.status": {"added", "deleted", "modified"},
    "GateDecided.verdict": {"answer", "approve", "reject"},
    "GateOpened.reason": {
        "approval_required",
        "budget_exceeded",
        "input_required",
        "outcome_unknown",
    },
    "HttpCheck.kind": {"http"},
    "JsonOutput.type": {"json"},
    "LastMessage.type": {"lastMessage"},
    "LoopDetected.kind": {
        "alternating_calls",
        "no_new_evidence",
        "same_call",
        "spend_without_change",
    },
    "LoopDetected.stage": {"stopped", "warned"},
    "MediaOutput.type": {"media"},
    "MediaPart.kind": {"media"},
    "Message.expires": {"run", "turn"},
    "Message.role": {"assistant", "tool", "user"},
    "ModelCallCompleted.basis": BASES,
    "ModelCallCompleted.finish": {"length", "other", "refusal", "stop", "tool_calls"},
    "NumberCheck.kind": {"number"},
    "OutputCheck.kind": {"output"},
    "PeopleStep.kind": {"people"},
    "PermissionRule.effect": {"allow", "ask", "deny"},
    "PermissionRule.reach": {"outside"},
    "PersonCheck.kind": {"person"},
    "PolicyLayer.level": LEVELS,
    "ProgramEnded.ending": {"diverged", "failed", "returned"},
    "ProgramLog.level": {"debug", "error", "info", "warn"},
    "ProgramYielded.kind": {"generate", "step", "step_all", "text", "tool"},
    "ReasoningOptions.effort": {"high", "low", "max", "medium", "minimal", "none", "xhigh"},
    "ReasoningPart.kind": {"reasoning"},
    "RunCreated.on_limit": {"fail", "wait"},
    "SampleCompleted.basis": BASES,
    "StepEnded.outcome": {"failed", "passed", "rejected"},
    "Task.priority": {"high", "low", "normal", "urgent"},
    "StructuredOutput.type": {"structuredOutput"},
    "Subgoal.status": {"ABORTED", "COMPLETE", "IN_PROGRESS", "NOT_STARTED"},
    "TextPart.kind": {"text"},
    "ToolCallCompleted.source": SOURCES,
    "ToolCallPart.kind": {"tool_call"},
    "ToolFacts.access": {"control", "read", "spawn", "write"},
    "ToolFacts.reach": {"outside", "run", "workspace"},
    "ToolFacts.retry_safety": {"idempotent", "pure", "unsafe"},
    "ToolFacts.source": SOURCES,
    "ToolResultPart.kind": {"tool_result"},
    "WorkflowSubject.landing": {"branch", "forge"},
    "WorkflowSubject.kind": {"workflow"},
}

REFUSALS = {"cancelled", "denied", "invalid_arguments", "not_available", "rejected", "unknown_tool"}

ENDINGS = {
    "attempts_exhausted",
    "budget_limit",
    "budget_unknown_cost",
    "cancelled",
    "error",
    "loop",
    "no_answer",
    "no_response",
    "program_diverged",
    "program_failed",
    "step_failed",
    "turn_limit",
    "wall_time_limit",
    "yield_limit",
}

MODEL_FAILURES = {
    "auth",
    "connection",
    "context_too_long",
    "invalid_request",
    "malformed_answer",
    "not_found",
    "overloaded",
    "rate_limited",
    "refused",
    "server",
    "timeout",
}

TAGS = {"INSTRUCTIONS_PROMPT", "OUTPUT_REMINDER", "RECOVERY", "USER_PROMPT"}


def event_types() -> set[str]:
    return {kind.model_fields["type"].default for kind in get_args(AnyEvent)}


def test_the_event_types_are_the_reviewed_ones():
    assert event_types() == EVENT_TYPES


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_an_event_is_named_for_what_has_happened_to_what(name):
    noun, dot, verb = name.partition(".")
    assert dot
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", noun)
    assert verb in PARTICIPLES


def test_the_words_with_a_closed_set_of_values_are_the_reviewed_ones():
    schema = event_adapter.json_schema(mode="serialization")
    found: dict[str, set[str]] = {}
    for name, definition in cast("dict[str, Any]", schema["$defs"]).items():
        for field, words in _choices(definition):
            found[f"{name}.{field}"] = words
    events = {kind.__name__ for kind in get_args(AnyEvent)}
    assert {
        place: words
        for place, words in found.items()
        if not (place.removesuffix(".type") in events and place.endswith(".type"))
    } == CHOICES


def _choices(definition: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    for field, value in definition.get("properties", {}).items():
        words: set[str] = set()
        for choice in (value, *value.get("anyOf", ())):
            words |= {*choice.get("enum", ()), *([choice["const"]] if "const" in choice else ())}
        if words:
            yield field, words


def test_a_runs_status_is_one_of_the_reviewed_words():
    assert set(get_args(RunStatus)) == {"running", "waiting", "completed", "failed", "cancelled"}
    assert set(get_args(RunRow.__annotations__["kind"])) == {"agent", "workflow"}


def test_a_call_is_refused_for_one_of_the_reviewed_reasons():
    places = {"ToolCallRefused": None, "Refusal": 0, "_refuse": 2}
    assert _said(places, "reason") == REFUSALS


def test_a_run_fails_with_one_of_the_reviewed_codes_or_a_models_failure():
    places = {"ErrorOutput": None, "failed": 2, "_failed": 2, "Breach": 0}
    assert _said(places, "code") | {"error"} == ENDINGS


def test_a_model_call_fails_for_one_of_the_reviewed_reasons():
    written = _said({"ModelError": None, "failure": 0}, "reason", below="callboard.providers")
    derived = {*failures._BY_STATUS.values(), *failures._BY_WORD.values()}
    assert written | derived == MODEL_FAILURES


def test_messages_of_the_engine_carry_the_reviewed_tags():
    written = {value for name, value in vars(tags).items() if name.isupper() and name == value}
    assert written == TAGS


def _said(places: dict[str, int | None], name: str, below: str = "callboard") -> set[str]:
    """The literal texts that calls of these names are given, at a place or by a keyword."""
    return {
        text
        for module in modules()
        if module.name.startswith(below) and not module.name.startswith("callboard.testing")
        for called, call in calls(module)
        if called in places
        for text in texts(module, argument(call, name, places[called]))
    }

"""What happens next while a turn's calls are open: reads side by side, writes alone and in order."""

import hashlib
import json

from callboard.domain.events.gate import GateOpened, GateReason, Verdict
from callboard.domain.events.tool_call import ToolCallInterrupted, ToolCallRefused
from callboard.domain.run.state import Call, RunState
from callboard.engine.commands import (
    Append,
    Command,
    DriveChildren,
    RecordFiles,
    RunTools,
    StartChildren,
    Wait,
)
from callboard.engine.control import ASK_USER, control_events
from callboard.engine.permissions import ruling
from callboard.engine.spawning import spawn_result

OUTCOME_UNKNOWN = (
    "The outcome of this call is unknown: it was begun, and the process that made it died before it "
    "ended. It was not repeated. Find out what it did before you go on."
)


def decide_calls(state: RunState) -> Command:
    """Return the next step of the turn's first unsettled call."""
    first = next(call for call in state.calls if call.result is None)
    blocked = _recovery(state, first) or _permission(state, first)
    if blocked is not None:
        return blocked
    match first.facts.access:
        case "control":
            asked = _question(state, first) if first.tool == ASK_USER else None
            return asked or Append(control_events(state, first))
        case "spawn":
            return _spawn(state, first)
        case "write":
            if state.tree is None:  # a later record needs something to compare with
                return RecordFiles(state.turn, None)
            return RunTools((first,), state.created.deadline_at)
        case "read":
            return RunTools(_readable_together(state, first), state.created.deadline_at)


def never_requested(state: RunState) -> tuple[ToolCallRefused, ...]:
    """Refuse calls of the answer that a log cut short (by a fork) holds no request for."""
    if state.outcome is None or len(state.calls) >= len(state.outcome.call_ids):
        return ()
    known = {call.call_id for call in state.calls}
    asked = [part for message in state.messages[-1:] for part in message.tool_calls]
    return tuple(
        ToolCallRefused(
            turn=state.turn,
            call_id=part.call_id,
            tool=part.tool,
            reason="cancelled",
            message="This call was not made. Make it again if it is still wanted.",
        )
        for part in asked
        if part.call_id in state.outcome.call_ids and part.call_id not in known
    )


def _readable_together(state: RunState, first: Call) -> tuple[Call, ...]:
    """Return `first` and the read calls that directly follow it and need nobody's leave."""
    together: list[Call] = []
    for call in state.calls[state.calls.index(first) :]:
        if call.result is not None:
            continue
        if call.facts.access != "read" or _permission(state, call) is not None:
            break
        together.append(call)
    return tuple(together)


def _recovery(state: RunState, call: Call) -> Command | None:
    """Return what to do about a call lost in a crash, or None where it may simply be made (again)."""
    if not state.lost(call) or call.facts.retry_safety != "unsafe":
        return None
    verdict = _decided(state, call, "outcome_unknown")
    if verdict == "approve":
        return None
    if verdict is None and state.subject.definition.on_unknown_outcome == "ask":
        question = f"The outcome of {call.tool} is unknown after a crash. Make the call again?"
        return Append((_gate(state, call, "outcome_unknown", question),))
    return Append(
        (ToolCallInterrupted(turn=state.turn, call_id=call.call_id, message=OUTCOME_UNKNOWN),)
    )


def _permission(state: RunState, call: Call) -> Command | None:
    """Return what stands in the call's way: a refusal, a gate, or None."""
    layers = (*state.subject.permission_layers, state.subject.definition.permissions)
    effect, rule = ruling(layers, call.tool, call.arguments, state.created.workspace)
    if effect == "allow":
        return None
    if effect == "deny":
        spelled = "" if rule is None else f" (rule: {rule.effect} {rule.tool} {rule.arguments})"
        return _refuse(state, call, "denied", f"Not permitted by this agent's rules{spelled}.")
    match _decided(state, call, "approval_required"):
        case "approve":
            return None
        case "reject" | "answer":
            return _refuse(state, call, "rejected", _rejection(state, call))
        case None:
            question = f"{state.subject.definition.display_name} wants to call {call.tool}."
            return Append((_gate(state, call, "approval_required", question),))


def _question(state: RunState, call: Call) -> Command | None:
    """Return the gate at which a question waits for somebody, or None once it was answered."""
    if _decided(state, call, "input_required") is not None:
        return None
    name = state.subject.definition.display_name
    return Append((_gate(state, call, "input_required", f"{name} asks:"),))


def _refuse(state: RunState, call: Call, reason: str, message: str) -> Append:
    return Append(
        (
            ToolCallRefused(
                turn=state.turn,
                call_id=call.call_id,
                tool=call.tool,
                reason=reason,
                message=message,
            ),
        )
    )


def _gate(state: RunState, call: Call, reason: GateReason, question: str) -> GateOpened:
    return GateOpened(
        gate_id=f"g{state.gates_opened + 1}",
        reason=reason,
        subject=call.call_id,
        question=f"{question}\n{json.dumps(call.arguments, indent=2, ensure_ascii=False)}",
        digest=_digest(state, call, reason),
    )


def _digest(state: RunState, call: Call, reason: GateReason) -> str:
    """Bind a decision to the turn, the call, its arguments and, after a crash, the epoch that was lost."""
    bound = [
        state.subject.definition.digest,
        reason,
        state.turn,
        call.call_id,
        call.tool,
        call.arguments,
        call.epoch if reason == "outcome_unknown" else 0,
    ]
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()


def _decided(state: RunState, call: Call, reason: GateReason) -> Verdict | None:
    digest = _digest(state, call, reason) if state.decisions else ""
    for gate, decision in reversed(state.decisions):
        if gate.reason == reason and gate.digest == digest:
            return decision.verdict
    return None


def _rejection(state: RunState, call: Call) -> str:
    _, decision = state.decisions[-1]
    note = f": {decision.note}" if decision.note else "."
    return f"{decision.actor.name} rejected this call of {call.tool}{note}"


def _spawn(state: RunState, call: Call) -> Command:
    mine = [child for child in state.children if child.started.origin == call.call_id]
    refused = any(entry.origin == call.call_id for entry in state.refused_children)
    if not mine and not refused and call.epoch == 0:
        return StartChildren(call)
    unfinished = tuple(child.started.child_run_id for child in mine if child.ended is None)
    if unfinished:
        waiting = [child.waiting for child in mine if child.ended is None]
        if all(waiting) and waiting[0] is not None:
            return Wait(waiting[0].gate_id)
        return DriveChildren(unfinished)
    return Append((spawn_result(state, call),))

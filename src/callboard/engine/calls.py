"""What happens next while a turn's calls are open: reads side by side, writes alone and in order."""

from callboard.domain.events.gate import GateDecided, GateExpired
from callboard.domain.events.tool_call import ToolCallInterrupted, ToolCallRefused
from callboard.domain.run.call import Call
from callboard.domain.run.state import RunState
from callboard.engine.approvals import (
    approval_gate,
    call_gate,
    can_be_met,
    decided,
    required_approvers,
)
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
from callboard.engine.permissions.explaining import described
from callboard.engine.permissions.ruling import Asked, Ruling, ruling
from callboard.engine.spawning import spawn_result

OUTCOME_UNKNOWN = (
    "The outcome of this call is unknown: it was begun, and the process that made it died before it "
    "ended. It was not repeated. Find out what it did before you go on."
)
NOBODY_DECIDED = "Nobody decided about this call in time; it was not made."


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
    asked = state.messages[-1].tool_calls if state.messages else ()
    if not asked:  # all of them are settled
        return ()
    known = {call.call_id for call in state.calls}
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
    """Return `first`, which may be made, and the read calls that directly follow it and need nobody's leave."""
    together = [first]
    for call in state.calls[state.calls.index(first) + 1 :]:
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
    decision = decided(state, call, "outcome_unknown")
    if isinstance(decision, GateDecided) and decision.verdict == "approve":
        return None
    if decision is None and state.subject.definition.on_unknown_outcome == "ask":
        question = f"The outcome of {call.tool} is unknown after a crash. Make the call again?"
        return Append((call_gate(state, call, "outcome_unknown", question),))
    return Append(
        (ToolCallInterrupted(turn=state.turn, call_id=call.call_id, message=OUTCOME_UNKNOWN),)
    )


def _permission(state: RunState, call: Call) -> Command | None:
    """Return what stands in the call's way: a refusal, a gate, or None."""
    if not state.policy.has_rules:
        return None
    said = ruling(state.policy, asked(state, call))
    if said.effect == "allow":
        return None
    if said.effect == "deny":
        return _refuse(state, call, "denied", f"Not permitted: {described(said)}.")
    match decided(state, call, "approval_required"):
        case GateDecided(verdict="approve"):
            return None
        case GateDecided() as decision:
            note = f": {decision.note}" if decision.note else "."
            message = f"{decision.actor.name} rejected this call of {call.tool}{note}"
            return _refuse(state, call, "rejected", message)
        case GateExpired():
            return _refuse(state, call, "rejected", NOBODY_DECIDED)
        case None:
            return _ask(state, call, said)


def _ask(state: RunState, call: Call, said: Ruling) -> Command:
    wanted = [reason.rule.approvers for reason in said.reasons]
    approvers = required_approvers(wanted)
    if not can_be_met(approvers, wanted):
        message = (
            f"Not permitted: nobody may approve it for everybody who asks ({described(said)})."
        )
        return _refuse(state, call, "denied", message)
    return Append((approval_gate(state, call, said.reasons, approvers),))


def asked(state: RunState, call: Call) -> Asked:
    """Return a call as the rules look at it."""
    outside = call.facts.reaches == "outside"
    return Asked(call.tool, call.arguments, state.created.workspace, state.read, outside)


def _question(state: RunState, call: Call) -> Command | None:
    """Return the gate at which a question waits for somebody, or None once it was answered."""
    if decided(state, call, "input_required") is not None:
        return None
    name = state.subject.definition.display_name
    return Append((call_gate(state, call, "input_required", f"{name} asks:"),))


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

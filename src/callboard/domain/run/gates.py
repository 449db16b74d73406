"""What waits for people, and what they decided."""

from typing import Final

from callboard.domain.events.gate import (
    ApprovalGiven,
    GateDecided,
    GateExpired,
    GateOpened,
    GateWithdrawn,
)
from callboard.domain.frozen import changed
from callboard.domain.run.state import RunState
from callboard.domain.run.turn import with_edited

LOOP: Final = "loop"
"""The subject of a gate that asks whether a run may go on although it goes round in circles."""


def after_gate_event(
    state: RunState,
    event: GateOpened | ApprovalGiven | GateDecided | GateExpired | GateWithdrawn,
) -> RunState:
    """Return the state after a gate was opened, decided or closed. Decisions about another one change nothing."""
    gate = state.gate
    if isinstance(event, GateOpened):
        return changed(state, gate=event, approvals=(), gates_opened=state.gates_opened + 1)
    if gate is None or gate.gate_id != event.gate_id:
        return state
    match event:
        case ApprovalGiven():
            return changed(state, approvals=(*state.approvals, event))
        case GateWithdrawn():
            return changed(state, gate=None)
        case GateExpired():
            decisions = (*state.decisions, (gate, event))
            return changed(state, gate=None, decisions=decisions)
        case GateDecided():
            calls = state.calls
            if event.arguments is not None and event.verdict == "approve":
                calls = with_edited(calls, gate.subject, event.arguments)
            decisions = (*state.decisions, (gate, event))
            goes_on = gate.reason == "budget_exceeded" and event.verdict != "reject"
            short_of = None if goes_on else state.short_of
            after = changed(state, gate=None, decisions=decisions, calls=calls, short_of=short_of)
            return _after_loop(after, event) if gate.subject == LOOP else after


def _after_loop(state: RunState, event: GateDecided) -> RunState:
    """Somebody lets the run go on as it does, or not."""
    if event.verdict == "reject":
        return changed(state, looped=True)
    return changed(state, warned_at=state.turn)

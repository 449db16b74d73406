"""Questions to people: each one row from the question to the decision."""

from dataclasses import replace
from functools import partial
from typing import Final, Literal

from callboard.domain.events.codec import Recorded
from callboard.domain.events.gate import (
    ApprovalGiven,
    GateDecided,
    GateExpired,
    GateOpened,
    GateWithdrawn,
    Verdict,
)
from callboard.engine.thread.calls import Arguments
from callboard.engine.thread.place import Update
from callboard.engine.thread.questions import answer_text, questions_in
from callboard.engine.thread.row import Approval, Asked, Body

_STATES: Final[dict[Verdict, Literal["approved", "rejected", "answered"]]] = {
    "approve": "approved",
    "reject": "rejected",
    "answer": "answered",
}


def told(recorded: Recorded, _: Arguments) -> Update | None:
    """Return what an event does to the row of its question; None for an event of another kind."""
    match recorded.event:
        case GateOpened() as event:
            return _of(recorded, event.gate_id, partial(_opened, event), begins=True)
        case ApprovalGiven() as event:
            return _of(recorded, event.gate_id, partial(_given, recorded, event), begins=True)
        case GateDecided() as event:
            return _of(recorded, event.gate_id, partial(_decided, recorded, event))
        case GateExpired() as event:
            return _of(recorded, event.gate_id, partial(_closed, "expired"))
        case GateWithdrawn() as event:
            return _of(recorded, event.gate_id, partial(_closed, "withdrawn"))
        case _:
            return None


def _of(
    recorded: Recorded, gate_id: str, made: "partial[Body | None]", *, begins: bool = False
) -> Update:
    return Update(("gate", recorded.run_id, gate_id), made, begins=begins)


def _opened(event: GateOpened, _: Body | None) -> Asked:
    return Asked(
        event.gate_id,
        event.reason,
        event.question,
        event.tool,
        event.arguments,
        event.rules,
        event.deadline_at,
        questions=questions_in(event.arguments) if event.reason == "input_required" else (),
    )


def _given(recorded: Recorded, event: ApprovalGiven, before: Body | None) -> Body | None:
    if not isinstance(before, Asked):
        return None
    approval = Approval(event.actor, recorded.at, event.note)
    changed = before.changed or event.arguments is not None
    return replace(before, given=(*before.given, approval), changed=changed)


def _decided(recorded: Recorded, event: GateDecided, before: Body | None) -> Body | None:
    if not isinstance(before, Asked):
        return None
    return replace(
        before,
        state=_STATES[event.verdict],
        by=Approval(event.actor, recorded.at, event.note),
        answer=answer_text(event.answer),
        changed=before.changed or event.arguments is not None,
    )


def _closed(state: Literal["expired", "withdrawn"], before: Body | None) -> Body | None:
    return replace(before, state=state) if isinstance(before, Asked) else None

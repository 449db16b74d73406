"""Gates: points where a run waits for a decision, at no cost."""

from typing import Literal

from pydantic import JsonValue

from callboard.domain.actor import Actor
from callboard.domain.events.event import Event

GateReason = Literal["approval_required", "input_required", "outcome_unknown", "budget_exceeded"]
Verdict = Literal["approve", "reject", "answer"]


class GateOpened(Event):
    """The run waits. `subject` is the tool call's id or the step's id, `question` what is to be decided.

    `digest` binds the decision to what was shown: a decision for another digest is refused.
    """

    type: Literal["gate.opened"] = "gate.opened"
    gate_id: str
    reason: GateReason
    subject: str
    question: str
    digest: str


class GateDecided(Event):
    """Somebody decided. For `outcome_unknown`, approve means: make the call again. For `input_required`,
    `answer` is what was answered, and reject means: no answer.
    """

    type: Literal["gate.decided"] = "gate.decided"
    gate_id: str
    verdict: Verdict
    actor: Actor
    note: str = ""
    answer: JsonValue = None

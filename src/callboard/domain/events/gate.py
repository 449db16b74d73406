"""Gates: points where a run waits for a decision, at no cost."""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from callboard.domain.actor import Actor
from callboard.domain.definition.permissions import Approvers, PermissionRule
from callboard.domain.events.event import Event
from callboard.domain.frozen import Frozen
from callboard.domain.message import JsonObject
from callboard.domain.policy import Level
from callboard.domain.usage import Bill

GateReason = Literal["approval_required", "input_required", "outcome_unknown", "budget_exceeded"]
Verdict = Literal["approve", "reject", "answer"]


class AskingRule(Frozen):
    """A rule because of which a call needs approval, and whose it is."""

    level: Level
    name: str
    rule: PermissionRule


class GateOpened(Event):
    """The run waits. `subject` is the tool call's id or the step's id, `question` what is to be decided.

    `digest` binds the decision to what was shown: a decision for another digest is refused. Where a call is to
    be decided about, `tool` and `arguments` are what was proposed, `asked_by` is the agent that proposed it,
    `requested_by` who started the run, `rules` why somebody is asked. `bill` is what the run cost so far.
    `approvers` says who may approve (anybody who may decide at all, where it is None), `deadline_at` until
    when. Where `roles` are named, whoever holds one of them in the run's space may approve as well as the people
    of `approvers`; `barred` are those who may not in any case.
    """

    type: Literal["gate.opened"] = "gate.opened"
    gate_id: str
    reason: GateReason
    subject: str
    question: str
    digest: str
    tool: str | None = None
    arguments: JsonObject | None = None
    asked_by: str | None = None
    requested_by: Actor | None = None
    rules: tuple[AskingRule, ...] = ()
    bill: Bill | None = None
    approvers: Approvers | None = None
    deadline_at: datetime | None = None
    roles: tuple[str, ...] = ()
    barred: tuple[Actor, ...] = ()


class ApprovalGiven(Event):
    """One of several approvals that a gate needs; it stays open. `arguments` are the ones approved where
    they are not those proposed.
    """

    type: Literal["approval.given"] = "approval.given"
    gate_id: str
    actor: Actor
    note: str = ""
    arguments: JsonObject | None = None


class GateDecided(Event):
    """Somebody decided. For `outcome_unknown`, approve means: make the call again. For `input_required`,
    `answer` is what was answered, and reject means: no answer. For `budget_exceeded`, `answer` is the new
    limit. `arguments` are the ones approved where they are not those proposed.
    """

    type: Literal["gate.decided"] = "gate.decided"
    gate_id: str
    verdict: Verdict
    actor: Actor
    note: str = ""
    answer: JsonValue = None
    arguments: JsonObject | None = None


class GateExpired(Event):
    """Nobody decided in time: as good as a rejection."""

    type: Literal["gate.expired"] = "gate.expired"
    gate_id: str


class GateWithdrawn(Event):
    """The rules changed while the gate was open: what it asked is judged anew."""

    type: Literal["gate.withdrawn"] = "gate.withdrawn"
    gate_id: str


Closing = GateDecided | GateExpired

"""Who may approve, how many it takes, and what an approval is for."""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from pydantic import JsonValue

from callboard.domain.actor import Actor
from callboard.domain.definition.permissions import Approvers
from callboard.domain.events.gate import (
    ApprovalGiven,
    AskingRule,
    Closing,
    GateDecided,
    GateOpened,
    GateReason,
    Verdict,
)
from callboard.domain.message import JsonObject
from callboard.domain.run.call import Call
from callboard.domain.run.state import RunState
from callboard.engine.gates import digest_of, opened_gate
from callboard.engine.permissions.ruling import Reason


def approval_gate(
    state: RunState, call: Call, reasons: Sequence[Reason], approvers: Approvers | None
) -> GateOpened:
    """Return the gate at which a call waits for the approval that its reasons ask for."""
    whys = list(dict.fromkeys(reason.rule.reason for reason in reasons if reason.rule.reason))
    question = f"{state.subject.definition.display_name} wants to call {call.tool}."
    gate = call_gate(state, call, "approval_required", " ".join([question, *whys]))
    rules = tuple(
        AskingRule(level=reason.layer.level, name=reason.layer.name, rule=reason.rule)
        for reason in reasons
    )
    return gate.model_copy(
        update={"rules": rules, "approvers": approvers, "deadline_at": _deadline(state, approvers)}
    )


def call_gate(state: RunState, call: Call, reason: GateReason, question: str) -> GateOpened:
    """Return a gate at which something about a call is to be decided."""
    shown = json.dumps(call.arguments, indent=2, ensure_ascii=False)
    digest = call_digest(state, call, reason, call.arguments)
    gate = opened_gate(state, reason, call.call_id, f"{question}\n{shown}", digest)
    return gate.model_copy(update={"tool": call.tool, "arguments": call.arguments})


def call_digest(state: RunState, call: Call, reason: GateReason, arguments: JsonObject) -> str:
    """Bind a decision to the run, the turn, the definition, the call with its arguments, the rules in force
    and, after a crash, the epoch that was lost: it holds for this once and for nothing else.
    """
    bound: list[JsonValue] = [
        state.run_id,
        state.subject.definition.digest,
        reason,
        state.turn,
        call.call_id,
        call.tool,
        arguments,
        state.policy.version if reason == "approval_required" else "",
        call.epoch if reason == "outcome_unknown" else 0,
    ]
    return digest_of(bound)


def decided(state: RunState, call: Call, reason: GateReason) -> Closing | None:
    """Return what was decided about a call as it stands now, if anything."""
    for gate, closing in reversed(state.decisions):
        if gate.reason != reason or gate.subject != call.call_id:
            continue
        proposed = call.arguments if gate.arguments is None else gate.arguments
        approved = closing.arguments if isinstance(closing, GateDecided) else None
        if call.arguments != (proposed if approved is None else approved):
            continue
        if gate.digest == call_digest(state, call, reason, proposed):
            return closing
    return None


def objection(
    gate: GateOpened,
    given: Sequence[ApprovalGiven],
    actor: Actor,
    verdict: Verdict,
    arguments: JsonObject | None = None,
    *,
    roles: AbstractSet[str] = frozenset(),
) -> str:
    """Return why somebody's decision does not count at a gate; nothing where it does. `roles` are those that they
    hold in the run's space.
    """
    if actor.kind != "person":
        return f"{actor.kind} {actor.name} is not a person, and only people decide"
    if verdict != "approve":
        return ""
    if actor in gate.barred:
        return f"{actor.name} had a hand in this work; somebody else must approve"
    approvers = gate.approvers
    if approvers is not None and gate.requested_by == actor:
        return f"{actor.name} started this run; somebody else must approve"
    if not _is_named(gate, actor, roles):
        named = (*(approvers.people if approvers is not None else ()), *gate.roles)
        return f"{actor.name} is not one of those who may approve: {', '.join(named)}"
    if approvers is None:
        return ""
    if any(approval.actor == actor and approval.arguments == arguments for approval in given):
        return f"{actor.name} approved already; {approvers.count} different people must"
    return ""


def _is_named(gate: GateOpened, actor: Actor, roles: AbstractSet[str]) -> bool:
    people = gate.approvers.people if gate.approvers is not None else ()
    if not people and not gate.roles:
        return True
    return actor.name in people or not roles.isdisjoint(gate.roles)


def who_decides(gate: GateOpened) -> str:
    """Return who may decide at a gate, in a few words: `a maintainer`, `2 of ann, bob`, `a person`."""
    approvers = gate.approvers
    people = approvers.people if approvers is not None else ()
    count = approvers.count if approvers is not None else 1
    named = [*people, *(f"a {role}" if count == 1 else f"{role}s" for role in gate.roles)]
    if not named:
        return "a person" if count == 1 else f"{count} people"
    return " or ".join(named) if count == 1 else f"{count} of {', '.join(named)}"


def is_enough(
    gate: GateOpened, given: Sequence[ApprovalGiven], arguments: JsonObject | None
) -> bool:
    """Return whether one more approval of these arguments closes the gate."""
    wanted = 1 if gate.approvers is None else gate.approvers.count
    return 1 + sum(approval.arguments == arguments for approval in given) >= wanted


def can_be_met(approvers: Approvers | None, wanted: Sequence[Approvers | None]) -> bool:
    """Return whether there are people who satisfy all of those who ask for approval."""
    named = any(one is not None and one.people for one in wanted)
    return approvers is None or not named or len(approvers.people) >= approvers.count


def has_expired(gate: GateOpened, now: datetime) -> bool:
    """Return whether it is too late to decide at a gate."""
    return gate.deadline_at is not None and now >= gate.deadline_at


def required_approvers(wanted: Sequence[Approvers | None]) -> Approvers | None:
    """Return what satisfies everybody who asks for approval: the most people, of those that all name."""
    given = [approvers for approvers in wanted if approvers is not None]
    if not given:
        return None
    named: list[set[str]] = [set(approvers.people) for approvers in given if approvers.people]
    times = [approvers.within_s for approvers in given if approvers.within_s is not None]
    return Approvers.model_construct(
        count=max(approvers.count for approvers in given),
        people=tuple(sorted(named[0].intersection(*named))) if named else (),
        within_s=min(times) if times else None,
    )


def _deadline(state: RunState, approvers: Approvers | None) -> datetime | None:
    if approvers is None or approvers.within_s is None:
        return None
    return state.at + timedelta(seconds=approvers.within_s)

"""A gate in words: what is to be decided, why somebody is asked, who may decide and until when."""

from collections.abc import Iterator
from datetime import datetime

from callboard.cli.plain import plain
from callboard.cli.text import money
from callboard.domain.events.gate import GateOpened
from callboard.engine.approvals import has_expired
from callboard.engine.permissions.explaining import spelt
from callboard.usecases.gates import OpenGate


def gate_lines(each: OpenGate, now: datetime) -> Iterator[str]:
    """Return what somebody must know before they decide."""
    gate = each.gate
    yield plain(gate.question)
    yield ""
    for label, text in _facts(each, now):
        if text:
            yield f"{label:<10} {plain(text)}"


def _facts(each: OpenGate, now: datetime) -> Iterator[tuple[str, str]]:
    gate = each.gate
    yield "run", each.row.run_id
    yield "asked by", _asked_by(gate)
    for why in gate.rules:
        yield "rule", f"{why.level} ({why.name}): {spelt(why.rule)}"
    yield "cost", "" if gate.bill is None else money(gate.bill)
    yield "decides", who_may_decide(each)
    yield "until", until(gate, now)
    for approval in each.approvals:
        note = f": {approval.note}" if approval.note else ""
        yield "approved", f"{approval.actor.name}{note}"


def _asked_by(gate: GateOpened) -> str:
    if gate.asked_by is None:
        return ""
    started = "" if gate.requested_by is None else f", started by {gate.requested_by.name}"
    return f"{gate.asked_by}{started}"


def who_may_decide(each: OpenGate) -> str:
    """Return whose decision counts, and how many of them it takes."""
    approvers = each.gate.approvers
    if approvers is None:
        return "anybody"
    named = ", ".join(approvers.people)
    starter = each.gate.requested_by
    others = f"anybody but {starter.name}" if starter is not None else "anybody"
    have = len(each.approvals)
    missing = f" ({have} of {approvers.count} approved)" if have else ""
    count = f"{approvers.count} of " if approvers.count > 1 else ""
    return f"{count}{named or others}{missing}"


def until(gate: GateOpened, now: datetime) -> str:
    """Return until when it can be decided; nothing where there is no end."""
    if gate.deadline_at is None:
        return ""
    at = gate.deadline_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return f"{at} (over)" if has_expired(gate, now) else at

"""Decide at the gates where runs wait."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from callboard.domain.errors import ConfigurationInvalid, RunBusy, UnknownThing
from callboard.domain.events.gate import ApprovalGiven, GateDecided
from callboard.domain.folding import Folding
from callboard.domain.org.inbox import DEPUTY_DECISIONS, DeputyDecision
from callboard.domain.org.principal import Principal
from callboard.domain.run.fold import AGENT
from callboard.domain.run.state import RunState
from callboard.domain.submission import Submission
from callboard.domain.task_run.fold import TASK
from callboard.domain.task_run.state import TaskState
from callboard.engine.approvals import has_expired, is_enough, objection
from callboard.engine.authority import held_roles
from callboard.engine.deputies import objection_to_deputy
from callboard.runtime.children import Ended
from callboard.runtime.reading import load
from callboard.runtime.run_log import RunLog
from callboard.runtime.takeover import take_over
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.decision import Decision, fitting, raise_budget
from callboard.usecases.deputies import require_decider
from callboard.usecases.gates import open_gate
from callboard.usecases.open_gates import OpenGate
from callboard.usecases.recording import write
from callboard.usecases.run_origins import drive_noted
from callboard.usecases.runs import require_models

_TRIES: Final = 20
_PAUSE_S: Final = 0.05


async def decide_gate(
    app: App,
    who: Principal,
    run_id: str,
    decision: Decision,
    *,
    digest: str,
    as_deputy_of: str | None = None,
) -> Ended:
    """Record a decision and, where it is enough, drive the whole tree on, until it ends or waits again.

    `digest` is that of the gate as it was shown: a decision on anything else is refused. `as_deputy_of` is the
    person in whose place it is made.

    Raises:
        NotAllowed: the actor is not a person, or not one who may decide here.
        UnknownThing: the run waits for nobody (any more).
        ConfigurationInvalid: what waits now is not what was shown, it is too late, the decision does not fit
            the gate, or a model that the run needs to go on cannot be reached.
    """
    by = _By(who, await require_decider(app, who, run_id, as_deputy_of))
    decided = await _decided(app, by, run_id, decision, digest)
    if not decided.closed:
        return _waiting(decided.found)
    return await drive_noted(app, decided.found.row.root_id)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision that is recorded. `closed`: it was enough, and the run can go on."""

    found: OpenGate
    closed: bool


async def record_decision(
    app: App,
    who: Principal,
    run_id: str,
    decision: Decision,
    *,
    digest: str,
    as_deputy_of: str | None = None,
) -> Recorded:
    """Record a decision, and leave it to others to drive the run on. Raises what `decide_gate` does."""
    by = _By(who, await require_decider(app, who, run_id, as_deputy_of))
    decided = await _decided(app, by, run_id, decision, digest)
    if decided.closed:
        row = decided.found.row
        await app.dispatcher.submit(Submission(row.root_id, row.space))
    return decided


async def _decided(app: App, by: "_By", run_id: str, decision: Decision, digest: str) -> Recorded:
    found = await open_gate(app, by.who, run_id)
    if found.gate.digest != digest:
        raise ConfigurationInvalid("the gate changed since it was shown; look at it again")
    decision = fitting(app, found.gate, decision)
    against = _objection(found, found.approvals, by, decision)
    against = against or await _decided_by_deputy(app, found, by)
    if against:
        raise NotAllowed(against)
    await require_models(app, await load(app.ports.store, found.row.root_id), decided=True)
    if found.gate.reason == "budget_exceeded":
        await raise_budget(app, found.gate, decision)
    if by.is_deputy:
        decision = await _put_down(app, found, by, decision)
    return Recorded(found, await _recorded(app, by, found, decision))


@dataclass(frozen=True, slots=True)
class _By:
    """Who decides, and whose right to decide it is."""

    who: Principal
    authority: Principal

    @property
    def is_deputy(self) -> bool:
        return self.authority.actor != self.who.actor


def _objection(found: OpenGate, given: Sequence[ApprovalGiven], by: _By, decision: Decision) -> str:
    roles = held_roles(by.authority, found.row.space)
    verdict, arguments = decision.verdict, decision.arguments
    if not by.is_deputy:
        return objection(found.gate, given, by.who.actor, verdict, arguments, roles=roles)
    person = by.authority.actor
    return objection_to_deputy(
        found.gate, given, by.who.actor, person, verdict, arguments=arguments, roles=roles
    )


async def _decided_by_deputy(app: App, found: OpenGate, by: _By) -> str:
    """Return why somebody's decision does not count whose deputy was faster: a right is used once."""
    approved = {approval.actor.name for approval in found.approvals}
    if not approved:
        return ""
    person = by.authority.actor.name
    key = f"{found.row.run_id}/{found.gate.gate_id}/{person}"
    made = await app.records.get(DEPUTY_DECISIONS, key)
    if made is None or made.value.deputy not in approved:
        return ""
    return f"{made.value.deputy} approved already as deputy of {person}"


async def _put_down(app: App, found: OpenGate, by: _By, decision: Decision) -> Decision:
    """Let the audit log know in whose place somebody decides; return the decision that says so too."""
    person, run_id, gate_id = by.authority.actor.name, found.row.run_id, found.gate.gate_id
    made = DeputyDecision(
        run_id=run_id,
        gate_id=gate_id,
        person=person,
        deputy=by.who.actor.name,
        verdict=decision.verdict,
        space=found.row.space or None,
        at=app.ports.clock.now(),
    )
    before = await app.records.get(DEPUTY_DECISIONS, f"{run_id}/{gate_id}/{person}")
    said = f"as deputy of {person}"
    put = DEPUTY_DECISIONS.put(made, over=before)
    await write(app, by.who, "gate.decide", put, note=said)
    note = f"{said}: {decision.note}" if decision.note else said
    return replace(decision, note=note)


async def _claimed(
    app: App, run_id: str, folding: Folding[Any]
) -> RunLog[RunState] | RunLog[TaskState]:
    """Claim a run that waits: whoever came to its gate lets go of it a moment after the gate is seen.

    Raises:
        RunBusy: somebody drives it on.
    """
    for _ in range(_TRIES):
        with contextlib.suppress(RunBusy):
            return await take_over(app.ports, run_id, folding)
        await app.ports.clock.sleep(_PAUSE_S)
    return await take_over(app.ports, run_id, folding)


async def _recorded(app: App, by: _By, found: OpenGate, decision: Decision) -> bool:
    """Record a decision; return whether the run goes on."""
    folding = TASK if found.row.kind == "workflow" else AGENT
    log: RunLog[RunState] | RunLog[TaskState]
    log = await _claimed(app, found.row.run_id, folding)
    try:
        gate = log.state.gate
        if gate is None or gate.digest != found.gate.digest:
            await log.durable()
            raise _too_late(app, found)
        against = _objection(found, log.state.approvals, by, decision)
        now_given = replace(found, approvals=log.state.approvals)
        against = against or await _decided_by_deputy(app, now_given, by)
        if against:  # somebody else's decision came in between
            raise NotAllowed(against)
        closes = decision.verdict != "approve" or is_enough(
            gate, log.state.approvals, decision.arguments
        )
        if closes:
            log.append(
                GateDecided(
                    gate_id=gate.gate_id,
                    verdict=decision.verdict,
                    actor=by.who.actor,
                    note=decision.note,
                    answer=decision.answer,
                    arguments=decision.arguments,
                )
            )
        else:
            log.append(
                ApprovalGiven(
                    gate_id=gate.gate_id,
                    actor=by.who.actor,
                    note=decision.note,
                    arguments=decision.arguments,
                )
            )
        await log.durable()
    finally:
        await log.release()
    return closes


def _too_late(app: App, found: OpenGate) -> Exception:
    root_id = found.row.root_id
    if has_expired(found.gate, app.ports.clock.now()):
        return ConfigurationInvalid(
            f"the time to decide was over at {found.gate.deadline_at:%Y-%m-%d %H:%M} UTC; "
            f"`callboard runs resume {root_id}` goes on without the approval"
        )
    return UnknownThing(
        f"run {found.row.run_id} was decided about meanwhile, or its rules changed; "
        f"`callboard runs resume {root_id}` goes on"
    )


def _waiting(found: OpenGate) -> Ended:
    """Return how a run stands that needs further approvals."""
    waiting = (found.gate.gate_id, found.gate.question)
    return Ended(None, found.row.bill, found.row.usage, waiting)

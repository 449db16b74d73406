"""Gates of a task: what people are asked, who may decide, and what their decision makes of a step."""

import hashlib
from datetime import datetime, timedelta

from callboard.domain.actor import Actor
from callboard.domain.definition.permissions import Approvers
from callboard.domain.events.gate import Closing, GateExpired, GateOpened
from callboard.domain.task_run.state import StepProgress, TaskState
from callboard.domain.workflow import AgentStep, PeopleStep, SignOff


def sign_off_gate(state: TaskState, step: PeopleStep, progress: StepProgress) -> GateOpened:
    """Return the gate at which people decide about a step. It is bound to the files as they are."""
    gate = _gate(state, step, progress, step.id, f"{step.title}: {state.subject.task.title}")
    sign_off = step.approvers or SignOff()
    return gate.model_copy(
        update={
            "approvers": _approvers(sign_off),
            "roles": sign_off.roles,
            "barred": _barred(state, step),
        }
    )


def question_gate(
    state: TaskState, step: AgentStep, progress: StepProgress, question: str
) -> GateOpened:
    """Return the gate at which a person says whether a check of a step is met."""
    index = len(progress.checks)
    return _gate(state, step, progress, f"{step.id}#{index}", f"{step.title}: {question}")


def said(closing: Closing) -> str:
    """Return what people said with a decision, for whoever gets the work back."""
    if isinstance(closing, GateExpired):
        return "Nobody decided in time."
    if closing.verdict == "approve":
        return closing.note
    return closing.note or f"{closing.actor.name} rejected it."


def approved(closing: Closing) -> bool:
    """Return whether a gate was closed with an approval."""
    return not isinstance(closing, GateExpired) and closing.verdict == "approve"


def _gate(
    state: TaskState, step: AgentStep | PeopleStep, progress: StepProgress, subject: str, text: str
) -> GateOpened:
    tree = state.files.tree if state.files is not None else ""
    bound = f"{state.run_id}\n{subject}\n{progress.attempt}\n{tree}"
    return GateOpened(
        gate_id=f"g{state.gates_opened + 1}",
        reason="approval_required",
        subject=subject,
        question=text,
        digest=hashlib.sha256(bound.encode()).hexdigest(),
        asked_by=f"workflow {state.subject.workflow.id}",
        requested_by=state.created.actor,
        bill=state.bill,
        deadline_at=_deadline(state, step),
    )


def _deadline(state: TaskState, step: AgentStep | PeopleStep) -> datetime | None:
    if not isinstance(step, PeopleStep) or step.timeout_s is None:
        return None
    return state.at + timedelta(seconds=step.timeout_s)


def _approvers(sign_off: SignOff) -> Approvers | None:
    """Return what counts approvals; None where one of anybody who is named, or holds a role, is enough."""
    if sign_off.count == 1 and not sign_off.people:
        return None
    return Approvers.model_construct(count=sign_off.count, people=sign_off.people)


def _barred(state: TaskState, step: PeopleStep) -> tuple[Actor, ...]:
    """Return who may not approve: whoever asked for the work, where the step is to be done by somebody else."""
    requester = state.created.actor
    return (requester,) if "person" in step.separate and requester.kind == "person" else ()

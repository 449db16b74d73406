"""Read projections: (row, events) -> row. Rebuilt from zero they equal what was kept up step by step."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from callboard.domain.events.child_run import ChildRunEnded, ChildRunSuspended
from callboard.domain.events.codec import Recorded
from callboard.domain.events.gate import GateOpened
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.program import ProgramYielded, SampleCompleted
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.events.workflow import StepPostponed
from callboard.domain.frozen import changed
from callboard.domain.run.state import status_of
from callboard.domain.run_row import RunRow
from callboard.domain.usage import Usage
from callboard.engine.approvals import who_decides


def first_row(recorded: Recorded, created: RunCreated) -> RunRow:
    """Return the projection of a run that was just created."""
    subject, parent = created.subject, created.parent
    is_agent = isinstance(subject, AgentSubject)
    return RunRow(
        run_id=recorded.run_id,
        kind=subject.kind,
        subject=subject.definition.id if is_agent else subject.workflow.id,
        title=subject.definition.display_name if is_agent else subject.task.title,
        status="running",
        root_id=parent.root_id if parent is not None else recorded.run_id,
        parent_id=parent.run_id if parent is not None else None,
        model=subject.model if is_agent else None,
        workspace=created.workspace,
        space=created.space,
        task=created.task,
        digest=subject.definition.digest if is_agent else None,
        step=created.step,
        created_at=recorded.at,
        updated_at=recorded.at,
    )


def project(row: RunRow, batch: Iterable[Recorded]) -> RunRow:
    """Return the projection after some more events."""
    changes: dict[str, Any] = {}
    for recorded in batch:
        changes["updated_at"] = recorded.at
        _apply(row, changes, recorded)
    return changed(row, **changes)


def _apply(row: RunRow, changes: dict[str, Any], recorded: Recorded) -> None:
    event = recorded.event
    match event.type:
        case "model_call.completed" | "sample.completed" | "program.yielded" | "child_run.ended":
            _work(row, changes, event)
        case "step.started":
            changes["step"] = event.step
        case "step.postponed" | "gate.opened" | "child_run.suspended":
            changes |= {"status": "waiting"} | _waiting(event, recorded.at)
        case "gate.decided" | "gate.expired" | "gate.withdrawn" | "run.resumed":
            changes |= {"status": "running"} | _GOES_ON
        case "run.completed" | "run.failed" | "run.cancelled":
            changes |= {"status": status_of(event), "ended_at": recorded.at} | _GOES_ON
        case _:
            pass


_GOES_ON: Final = dict.fromkeys(
    ("waiting_for", "waiting_on", "waiting_since", "waiting_until"), None
)


def _waiting(event: StepPostponed | GateOpened | ChildRunSuspended, at: datetime) -> dict[str, Any]:
    """Return what a run waits for, on whom, since when and until when."""
    waiting: dict[str, Any] = {**_GOES_ON, "waiting_since": at}
    match event:
        case StepPostponed():
            return waiting | {"waiting_for": event.reason, "waiting_on": "an agent"}
        case GateOpened():
            return waiting | {
                "waiting_for": event.question,
                "waiting_on": who_decides(event),
                "waiting_until": event.deadline_at,
            }
        case ChildRunSuspended():
            return waiting | {"waiting_for": event.question, "waiting_on": "a person"}


def _work(
    row: RunRow,
    changes: dict[str, Any],
    event: ModelCallCompleted | SampleCompleted | ProgramYielded | ChildRunEnded,
) -> None:
    """Count what was done and what it cost."""
    usage, bill = changes.get("usage", row.usage), changes.get("bill", row.bill)
    calls = changes.get("tool_calls", row.tool_calls)
    match event:
        case ModelCallCompleted():
            changes["turns"] = event.turn
            changes["tool_calls"] = calls + len(event.requests)
            changes["usage"] = usage + (event.usage or Usage())
            changes["bill"] = bill.plus(event.cost_usd)
        case SampleCompleted():
            changes["usage"] = usage + (event.usage or Usage())
            changes["bill"] = bill.plus(event.cost_usd)
        case ProgramYielded():
            changes["tool_calls"] = calls + len(event.requests)
        case ChildRunEnded():
            changes["usage"] = usage + event.usage
            changes["bill"] = bill.merged(event.bill)

"""fold: events -> TaskState."""

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import LogCorrupt
from callboard.domain.events.child_run import (
    ChildRunEnded,
    ChildRunRefused,
    ChildRunStarted,
    ChildRunSuspended,
)
from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import ApprovalGiven, GateDecided, GateExpired, GateOpened
from callboard.domain.events.run import (
    CancellationRequested,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    RunResumed,
    WorkflowSubject,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import (
    ChangeCommitted,
    ChangeLanded,
    CheckCompleted,
    CommentAdded,
    StepAssigned,
    StepEnded,
    StepPostponed,
    StepSkipped,
    StepStarted,
)
from callboard.domain.folding import Folding
from callboard.domain.frozen import changed
from callboard.domain.output import RunOutput
from callboard.domain.task_run.state import StepProgress, TaskState


def begin_task(first: Recorded) -> TaskState:
    """Return the state after a log's first event."""
    created = first.event
    if not isinstance(created, RunCreated) or not isinstance(created.subject, WorkflowSubject):
        raise LogCorrupt(
            f"run {first.run_id}: the log does not begin with a workflow's run.created"
        )
    return TaskState(
        run_id=first.run_id,
        created=created,
        subject=created.subject,
        started_at=first.at,
        at=first.at,
        seq=first.seq,
    )


def evolve_task(state: TaskState, recorded: Recorded) -> TaskState:
    """Return the state after one more event."""
    after = _apply(state, recorded.event)
    return changed(after, seq=recorded.seq, at=recorded.at)


def _apply(state: TaskState, event: AnyEvent) -> TaskState:
    match event:
        case StepStarted() | StepEnded() | StepSkipped():
            return _step(state, event)
        case StepAssigned() | StepPostponed():
            return _casting(state, event)
        case CommentAdded():
            return changed(state, comments=(*state.comments, event))
        case ChildRunStarted() | ChildRunSuspended() | ChildRunEnded() | ChildRunRefused():
            return _child(state, event)
        case FilesChanged() | CheckCompleted() | ChangeCommitted() | ChangeLanded():
            return _evidence(state, event)
        case GateOpened() | ApprovalGiven() | GateDecided() | GateExpired():
            return _gate(state, event)
        case RunResumed():
            progress = state.progress and changed(state.progress, waiting=None, postponed=None)
            return changed(state, epoch=event.epoch, progress=progress)
        case CancellationRequested():
            return changed(state, cancellation=event)
        case RunCompleted() | RunFailed() | RunCancelled():
            return changed(state, terminal=event, gate=None)
        case _:  # an agent's events have no place here and change nothing
            return state


def _step(state: TaskState, event: StepStarted | StepEnded | StepSkipped) -> TaskState:
    if isinstance(event, StepSkipped):
        return changed(state, history=(*state.history, event))
    if isinstance(event, StepEnded):
        history = (*state.history, event)
        return changed(state, progress=None, history=history, findings=_findings(state, event))
    attempts = {**dict(state.attempts), event.step: event.attempt}
    return changed(
        state,
        progress=StepProgress(event.step, event.attempt, _tree(state)),
        attempts=tuple(attempts.items()),
    )


def _tree(state: TaskState) -> str:
    return state.files.tree if state.files is not None else state.subject.base_tree


def _findings(state: TaskState, event: StepEnded) -> tuple[tuple[str, RunOutput], ...]:
    """Return what steps found out, now that one has ended: the output of those that changed no file."""
    progress = state.progress
    others = tuple(one for one in state.findings if one[0] != event.step)
    if event.outcome != "passed" or progress is None or progress.ended is None:
        return others
    if progress.files is None or progress.files.tree != progress.tree:
        return others
    return (*others, (event.step, progress.ended.output))


def _casting(state: TaskState, event: StepAssigned | StepPostponed) -> TaskState:
    if state.progress is None:
        return state
    if isinstance(event, StepPostponed):
        return changed(state, progress=changed(state.progress, postponed=event))
    progress = changed(state.progress, assigned=event, postponed=None)
    return changed(state, progress=progress)


def _cast(state: TaskState, step: str, agent: str) -> tuple[tuple[str, AgentDefinition], ...]:
    """Return who worked so far, now that somebody began with a step."""
    assigned = state.progress.assigned if state.progress is not None else None
    definition = assigned.definition if assigned is not None else state.subject.agents.get(agent)
    return state.cast if definition is None else (*state.cast, (step, definition))


def _child(
    state: TaskState, event: ChildRunStarted | ChildRunSuspended | ChildRunEnded | ChildRunRefused
) -> TaskState:
    progress = state.progress
    if progress is None or isinstance(event, ChildRunRefused):
        return state
    if isinstance(event, ChildRunStarted):
        cast = _cast(state, progress.step, event.agent)
        return changed(state, progress=changed(progress, child=event), cast=cast)
    if isinstance(event, ChildRunSuspended):
        return changed(state, progress=changed(progress, waiting=event))
    return changed(
        state,
        progress=changed(progress, ended=event, waiting=None),
        bill=state.bill.merged(event.bill),
        usage=state.usage + event.usage,
    )


def _evidence(
    state: TaskState, event: FilesChanged | CheckCompleted | ChangeCommitted | ChangeLanded
) -> TaskState:
    if isinstance(event, ChangeLanded):
        return changed(state, landed=event)
    if isinstance(event, ChangeCommitted):
        return changed(state, commit=event)
    progress = state.progress
    if isinstance(event, FilesChanged):
        progress = progress and changed(progress, files=event)
        return changed(state, progress=progress, files=event)
    checked = progress and changed(progress, checks=(*progress.checks, event), decision=None)
    return changed(state, progress=checked)


def _gate(
    state: TaskState, event: GateOpened | ApprovalGiven | GateDecided | GateExpired
) -> TaskState:
    if isinstance(event, GateOpened):
        return changed(state, gate=event, approvals=(), gates_opened=state.gates_opened + 1)
    if state.gate is None or state.gate.gate_id != event.gate_id:
        return state
    if isinstance(event, ApprovalGiven):
        return changed(state, approvals=(*state.approvals, event))
    progress = state.progress and changed(state.progress, decision=event)
    return changed(state, gate=None, progress=progress)


TASK = Folding(begin_task, evolve_task)
fold_task = TASK.fold

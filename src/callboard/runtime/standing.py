"""How a run stands, told from its log or its state."""

from collections.abc import Sequence

from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import Recorded
from callboard.domain.events.run import RunCreated, WorkflowSubject
from callboard.domain.run.fold import fold
from callboard.domain.run.history import handed_down, history_change
from callboard.domain.run.state import RunState
from callboard.domain.task_run.fold import fold_task
from callboard.domain.task_run.state import TaskState
from callboard.runtime.children import Ended


def fold_any(entries: Sequence[Recorded]) -> RunState | TaskState:
    """Return the state of a log of either kind.

    Raises:
        LogCorrupt: the log is empty or does not begin with run.created.
    """
    first = entries[0].event if entries else None
    if not isinstance(first, RunCreated):
        raise LogCorrupt("the log does not begin with run.created")
    if isinstance(first.subject, WorkflowSubject):
        return fold_task(entries)
    return fold(entries)


def standing(state: RunState | TaskState) -> Ended:
    """Return how a run stands."""
    waiting: tuple[str, str] | None = None
    if state.gate is not None:
        waiting = (state.gate.gate_id, state.gate.question)
    elif state.terminal is None:
        waiting = _child_waiting(state)
    history = None
    if isinstance(state, RunState) and state.subject.inline:
        history = history_change(state.subject.history, handed_down(state.messages))
    read = tuple(sorted(state.read)) if isinstance(state, RunState) else ()
    return Ended(state.terminal, state.bill, state.usage, waiting, history, read)


def _child_waiting(state: RunState | TaskState) -> tuple[str, str] | None:
    if isinstance(state, TaskState):
        progress = state.progress
        if progress is not None and progress.postponed is not None:
            return progress.step, progress.postponed.reason
        waits = progress.waiting if progress is not None else None
        return None if waits is None else (waits.gate_id, waits.question)
    for child in state.children:
        if child.waiting is not None:
            return child.waiting.gate_id, child.waiting.question
    return None

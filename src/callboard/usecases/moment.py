"""A run as it was after one of its events."""

from dataclasses import dataclass
from datetime import datetime

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.files import FileChange
from callboard.domain.events.gate import GateOpened
from callboard.domain.message import Message
from callboard.domain.org.principal import Principal
from callboard.domain.run.state import RunState
from callboard.domain.task_run.state import TaskState
from callboard.domain.usage import Bill, Usage
from callboard.engine.decide import decide
from callboard.engine.tasks.decide import decide_task
from callboard.runtime.reading import load
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App, require_run
from callboard.usecases.diff import last_files


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a run stood after event `seq` of `events`, and what it was about to do (`next_step`).

    `messages` is the conversation, empty for a task; `open_calls` are tools that were not done yet.
    """

    run_id: str
    seq: int
    events: int
    at: datetime
    event: str
    status: str
    turn: int
    bill: Bill
    usage: Usage
    messages: tuple[Message, ...]
    open_calls: tuple[str, ...]
    gate: GateOpened | None
    changes: tuple[FileChange, ...]
    tree: str | None
    next_step: str


async def moment_of(app: App, who: Principal, run_id: str, seq: int) -> Moment:
    """Return a run as it was after its event `seq`.

    Raises:
        UnknownThing: no such run.
        ConfigurationInvalid: `seq` is not a position of the log.
    """
    await require_run(app, who, "run.read", run_id)
    entries = await load(app.ports.store, run_id)
    if not 1 <= seq <= len(entries):
        raise ConfigurationInvalid(
            f"--at {seq}: the log of {run_id} has events 1 to {len(entries)}"
        )
    prefix = entries[:seq]
    state = fold_any(prefix)
    files = last_files(prefix)
    return Moment(
        run_id,
        seq,
        len(entries),
        state.at,
        prefix[-1].event.type,
        state.status,
        state.turn if isinstance(state, RunState) else 0,
        state.bill,
        state.usage,
        state.messages if isinstance(state, RunState) else (),
        _open_calls(state),
        state.gate,
        () if files is None else files.changes,
        None if files is None else files.tree,
        _next_step(state),
    )


def _open_calls(state: RunState | TaskState) -> tuple[str, ...]:
    if isinstance(state, TaskState):
        return () if state.progress is None else (state.progress.step,)
    return tuple(call.tool for call in state.calls if call.result is None)


def _next_step(state: RunState | TaskState) -> str:
    command = decide_task(state) if isinstance(state, TaskState) else decide(state)
    return type(command).__name__

"""How a run stood at any event of it: its log up to there, folded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from callboard.domain.errors import UnknownThing
from callboard.domain.events.codec import Recorded
from callboard.domain.events.conversation import Subgoal
from callboard.domain.events.files import FileChange
from callboard.domain.events.gate import GateOpened
from callboard.domain.org.principal import Principal
from callboard.domain.run.state import RunState
from callboard.domain.run_row import RunRow
from callboard.domain.task_run.state import TaskState
from callboard.domain.usage import Bill, Usage
from callboard.runtime.reading import load
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App, require_run
from callboard.usecases.diff import last_files

_TODOS = "write_todos"


@dataclass(frozen=True, slots=True)
class Todo:
    """Something that the agent means to do."""

    text: str
    done: bool


@dataclass(frozen=True, slots=True)
class Stand:
    """A run as it stood after its event `seq`, of `of`. `files` are those of the last record of them, `goals` and
    `todos` what the agent wanted then, `step` that of a task.
    """

    run: RunRow
    seq: int
    of: int
    at: datetime
    status: str
    turn: int
    bill: Bill
    usage: Usage
    tool_calls: int
    messages: int
    gate: GateOpened | None
    goals: Mapping[str, Subgoal]
    todos: Sequence[Todo]
    files: Sequence[FileChange]
    step: str | None
    diff: str

    @property
    def cost_usd(self) -> Decimal | None:
        """What it had cost, None where a part is unknown."""
        return self.bill.total_usd


async def stand_at(app: App, who: Principal, run_id: str, seq: int) -> Stand:
    """Return how a run stood.

    Raises:
        UnknownThing: no such run, none that they may see, or no such event.
    """
    row = await require_run(app, who, "run.read", run_id)
    entries = await load(app.ports.store, run_id)
    if not 1 <= seq <= len(entries):
        raise UnknownThing(f"the log of {run_id} has events 1 to {len(entries)}, not {seq}")
    prefix = entries[:seq]
    state = fold_any(prefix)
    files = last_files(prefix)
    is_agent = isinstance(state, RunState)
    return Stand(
        run=row,
        seq=seq,
        of=len(entries),
        at=entries[seq - 1].at,
        status=_status(state),
        turn=state.turn if is_agent else 0,
        bill=state.bill,
        usage=state.usage,
        tool_calls=state.tool_calls if is_agent else 0,
        messages=len(state.messages) if is_agent else len(state.comments),
        gate=state.gate,
        goals=state.subgoals if is_agent else {},
        todos=_todos(state) if is_agent else (),
        files=files.changes if files is not None else (),
        step=None if is_agent or state.progress is None else state.progress.step,
        diff=_diff(prefix),
    )


def _status(state: RunState | TaskState) -> str:
    if isinstance(state, RunState):
        return state.status
    if state.terminal is not None:
        return state.terminal.type.partition(".")[2]
    waits = state.gate is not None or (
        state.progress is not None and state.progress.waiting is not None
    )
    return "waiting" if waits else "running"


def _todos(state: RunState) -> list[Todo]:
    """Return the list that the agent wrote last."""
    calls = (call for message in reversed(state.messages) for call in message.tool_calls[::-1])
    last = next((call for call in calls if call.tool == _TODOS), None)
    listed = (last.arguments or {}).get("todos") if last is not None else None
    items = listed if isinstance(listed, list) else []
    return [
        Todo(str(item.get("task", "")), bool(item.get("completed")))
        for item in items
        if isinstance(item, dict)
    ]


def _diff(prefix: Sequence[Recorded]) -> str:
    files = last_files(prefix)
    return (files.diff or "") if files is not None else ""

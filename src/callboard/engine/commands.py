"""What `decide` asks the runtime to do. Each command is carried out once and answered by events."""

from dataclasses import dataclass
from datetime import datetime

from callboard.domain.events.run import CancellationRequested
from callboard.domain.events.union import AnyEvent
from callboard.domain.frozen import value
from callboard.domain.run.call import Call


@value
class CallModel:
    """Ask the model for the next answer, after `delay_s`, and give up at `deadline_at`."""

    turn: int
    attempt: int
    delay_s: float = 0.0
    deadline_at: datetime | None = None


@value
class RunTools:
    """Make these calls: several only when they may run side by side."""

    calls: tuple[Call, ...]
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StartChildren:
    """Find the agents that a spawning call asks for and create their logs."""

    call: Call


@dataclass(frozen=True, slots=True)
class DriveChildren:
    """Drive these child runs to their ends, side by side."""

    run_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancelChildren:
    """End these child runs because this run is to end."""

    run_ids: tuple[str, ...]
    request: CancellationRequested


@dataclass(frozen=True, slots=True)
class RecordFiles:
    """Record the workspace's files, compared with `base_tree` where there is one."""

    turn: int
    base_tree: str | None


@dataclass(frozen=True, slots=True)
class AdvanceProgram:
    """Advance the run's program to its next yield, or its end."""


@dataclass(frozen=True, slots=True)
class SampleModel:
    """Ask the model for these (by index) of several answers over the same conversation, side by side."""

    indices: tuple[int, ...]
    attempt: int
    delay_s: float = 0.0
    deadline_at: datetime | None = None


@value
class Append:
    """Nothing to do but to record what follows from the state."""

    events: tuple[AnyEvent, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until somebody decides at this gate."""

    gate_id: str


@dataclass(frozen=True, slots=True)
class Rest:
    """The run has ended."""


Command = (
    CallModel
    | RunTools
    | StartChildren
    | DriveChildren
    | CancelChildren
    | RecordFiles
    | AdvanceProgram
    | SampleModel
    | Append
    | Wait
    | Rest
)

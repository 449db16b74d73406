"""The story of a run and of everything below it."""

from datetime import datetime

from callboard.cli.plain import one_line
from callboard.cli.story.line import Line, Piece
from callboard.cli.story.of_calls import OfCalls
from callboard.cli.story.of_programs import programs
from callboard.cli.story.of_runs import OfRuns
from callboard.cli.story.of_tasks import OfTasks
from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FileChange
from callboard.domain.events.gate import GateDecided, GateExpired, GateOpened
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallStarted
from callboard.domain.events.program import SampleCompleted
from callboard.domain.events.run import RunResumed
from callboard.domain.events.tool_call import ToolCallStarted
from callboard.domain.events.workflow import CheckStarted, StepStarted
from callboard.domain.usage import Bill

_ENGINE = "Callboard"


class Story:
    """Turns events into lines, and keeps what a status line shows.

    Attributes:
        doing: what is going on right now.
        turn: the number of the last model answer that was asked for.
        bill: money spent so far, in all runs of the story.
    """

    def __init__(self) -> None:
        self.doing = "starting"
        self.turn = 0
        self.bill = Bill()
        self._runs = OfRuns()
        self._calls = OfCalls()
        self._tasks = OfTasks()
        self._began: datetime | None = None
        self._last = 0.0

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """What the task changed so far, where the story is a task's."""
        return self._tasks.changes

    def tell(self, recorded: Recorded) -> list[Line]:
        """Return the lines for an event, after all that came before it."""
        self._began = self._began or recorded.at
        self._last = (recorded.at - self._began).total_seconds()
        self._follow(recorded)
        pieces = [
            *self._runs.tell(recorded),
            *programs(recorded.event),
            *self._calls.tell(recorded.run_id, recorded.event),
            *self._tasks.tell(recorded),
        ]
        return [self._placed(recorded.run_id, piece) for piece in pieces]

    def unfinished(self) -> list[Line]:
        """Return lines for calls that have no outcome."""
        return [
            self._placed(run_id, Piece(call, "note", outcome="not ended"))
            for (run_id, _), call in self._calls.open.items()
        ]

    def _placed(self, run_id: str, piece: Piece) -> Line:
        who = piece.who or self._runs.name_of(run_id) or _ENGINE
        return Line(self._last, run_id, who, piece)

    def _follow(self, recorded: Recorded) -> None:
        name = self._runs.name_of(recorded.run_id)
        match recorded.event:
            case ModelCallStarted() as event:
                self.turn, self.doing = event.turn, f"{name}: thinking"
            case ModelCallCompleted() | SampleCompleted() as event:
                self.bill = self.bill.plus(event.cost_usd)
            case ToolCallStarted() as event:
                call = self._calls.open.get((recorded.run_id, event.call_id), "working")
                self.doing = f"{name}: {call}"
            case CheckStarted() as event:
                self.doing = f"check $ {one_line(event.command, 60)}"
            case GateOpened():
                self.doing = "waiting for a decision"
            case GateDecided() | GateExpired() | StepStarted() | RunResumed():
                self.doing = "going on"
            case _:
                pass

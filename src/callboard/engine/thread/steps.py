"""What the engine verifies itself: each check one row."""

from dataclasses import replace
from functools import partial

from callboard.domain.events.codec import Recorded
from callboard.domain.events.workflow import CheckCompleted, CheckStarted
from callboard.engine.thread.calls import Arguments
from callboard.engine.thread.place import Update
from callboard.engine.thread.row import Body, Checked


def told(recorded: Recorded, _: Arguments) -> Update | None:
    """Return what an event does to the row of its check; None for an event of another kind."""
    match recorded.event:
        case CheckStarted() as event:
            made = Checked(event.command)
            return Update(_of(recorded.run_id, event), lambda _: made, begins=True)
        case CheckCompleted() as event:
            return Update(_of(recorded.run_id, event), partial(_completed, event), begins=False)
        case _:
            return None


def _of(run_id: str, event: CheckStarted | CheckCompleted) -> tuple[str, ...]:
    return ("check", run_id, event.step, str(event.attempt), str(event.index))


def _completed(event: CheckCompleted, before: Body | None) -> Checked:
    known = before if isinstance(before, Checked) else Checked("")
    return replace(
        known,
        passed=event.passed,
        exit_code=event.exit_code,
        output=event.output,
        took_ms=event.duration_ms,
    )

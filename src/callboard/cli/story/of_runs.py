"""Beginnings and ends of runs, and what their models say."""

from datetime import datetime

from callboard.cli.plain import one_line, plain
from callboard.cli.story.line import Piece
from callboard.cli.text import dollars, duration, tokens
from callboard.domain.events.child_run import ChildRunSuspended
from callboard.domain.events.codec import Recorded
from callboard.domain.events.gate import GateDecided, GateExpired, GateOpened, GateWithdrawn
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallFailed, ModelReplaced
from callboard.domain.events.run import (
    AgentSubject,
    CancellationRequested,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    RunResumed,
)


class OfRuns:
    """Tells about runs."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._born: dict[str, datetime] = {}
        self._below: set[str] = set()
        self._resting: set[str] = set()

    def name_of(self, run_id: str) -> str | None:
        """Return the name of the agent whose run this is, None for a workflow's."""
        return self._names.get(run_id)

    def tell(self, recorded: Recorded) -> list[Piece]:
        """Return the pieces for an event."""
        match recorded.event:
            case RunCreated() as event:
                return self._created(recorded, event)
            case RunCompleted() as event if self._is_helper(recorded.run_id):
                return [self._summary(recorded, event)]
            case RunFailed() | RunCancelled() as event:
                return [Piece(one_line(event.output.message, 400), "bad")]
            case ModelCallCompleted() as event:
                text = plain(event.message.text).strip()
                return [Piece(text, "said")] if text else []
            case ModelCallFailed() as event:
                next_act = "trying again" if event.failure.retryable else "giving up"
                text = f"model call failed, {next_act}: {one_line(event.failure.message, 200)}"
                return [Piece(text, "bad")]
            case ModelReplaced() as event:
                text = f"{one_line(event.replaces)} does not answer; goes on with {one_line(event.model)}"
                return [Piece(text, "note")]
            case _:
                return self._interruption(recorded)

    def _interruption(self, recorded: Recorded) -> list[Piece]:
        run_id = recorded.run_id
        match recorded.event:
            case (
                GateOpened() | GateDecided() | GateExpired() | GateWithdrawn() | ChildRunSuspended()
            ):
                self._resting.add(run_id)
            case RunResumed() if run_id in self._resting:
                self._resting.discard(run_id)  # a decision, and no crash, is why it goes on
            case RunResumed():
                return [Piece("taken up again", "note")]
            case CancellationRequested() as event if run_id not in self._below:
                why = f": {one_line(event.reason)}" if event.reason else ""
                return [Piece(f"cancels the run{why}", "bad", who=plain(event.actor.name))]
            case _:
                pass
        return []

    def _created(self, recorded: Recorded, event: RunCreated) -> list[Piece]:
        pieces: list[Piece] = []
        self._born[recorded.run_id] = recorded.at
        if event.parent is not None:
            self._below.add(recorded.run_id)
        if isinstance(event.subject, AgentSubject):
            self._names[recorded.run_id] = one_line(event.subject.definition.display_name, 40)
            pieces.append(Piece(f"starts on {one_line(event.subject.model)}", "note"))
            if event.parent is not None and event.parent.run_id not in self._names:
                self._below.discard(recorded.run_id)  # a step's run: its step is summed up
        if event.forked_from is not None:
            pieces.append(Piece(f"forked from {event.forked_from}", "note"))
        return pieces

    def _is_helper(self, run_id: str) -> bool:
        """Return whether an agent started the run: roots and steps are summed up elsewhere."""
        return run_id in self._below and run_id in self._names

    def _summary(self, recorded: Recorded, event: RunCompleted) -> Piece:
        took = duration(recorded.at - self._born.get(recorded.run_id, recorded.at))
        return Piece(f"done — {took}, {dollars(event.cost_usd)}, {tokens(event.usage)}", "good")

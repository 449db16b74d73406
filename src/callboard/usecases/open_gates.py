"""Gates that wait for a decision, and what is known of logs already: one is not folded again before it grows."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from callboard.domain.actor import Actor
from callboard.domain.events.gate import ApprovalGiven, GateOpened
from callboard.domain.run_row import RunRow

_MOST: Final = 5_000


@dataclass(frozen=True, slots=True)
class OpenGate:
    """A gate that waits for a decision, with the run that opened it and the approvals that it has."""

    row: RunRow
    gate: GateOpened
    approvals: tuple[ApprovalGiven, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """How a run that failed began and ended: whose wish it was, and what went wrong."""

    actor: Actor
    problem: str


@dataclass(slots=True)
class Remembered:
    """What logs came to, for as long as this process lives. Whoever decides about a gate looks into its log again."""

    _gates: OrderedDict[str, tuple[datetime, OpenGate | None]] = field(
        default_factory=OrderedDict[str, tuple[datetime, OpenGate | None]]
    )
    _failures: OrderedDict[str, Failed] = field(default_factory=OrderedDict[str, Failed])

    def knows(self, row: RunRow) -> bool:
        """Return whether a run's gate is known as it is now."""
        known = self._gates.get(row.run_id)
        return known is not None and known[0] == row.updated_at

    def gate(self, row: RunRow) -> OpenGate | None:
        """Return a run's gate that is known."""
        return self._gates[row.run_id][1]

    def keep(self, row: RunRow, gate: OpenGate | None) -> None:
        """Remember the gate at which a run waits, or that it waits at none of its own."""
        self._gates[row.run_id] = (row.updated_at, gate)
        self._gates.move_to_end(row.run_id)
        while len(self._gates) > _MOST:
            self._gates.popitem(last=False)

    def failure(self, run_id: str) -> Failed | None:
        """Return how a run failed, if that is known: it does not change any more."""
        return self._failures.get(run_id)

    def keep_failure(self, run_id: str, failed: Failed) -> None:
        """Remember how a run failed."""
        self._failures[run_id] = failed
        while len(self._failures) > _MOST:
            self._failures.popitem(last=False)

"""What nobody attends to: found without a look at everything that there is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callboard.domain.run_row import RunRow


@dataclass(frozen=True, slots=True)
class Lost:
    """A root run of no task that nobody drives. `died`: the process that drove it last ended without letting go of it."""

    row: RunRow
    died: bool


class Unattended(Protocol):
    """Questions that a worker asks again and again: cheap, however many runs wait for people."""

    async def runs(self, now: datetime) -> list[RunRow]:
        """Return the runs of tasks without a living owner that may have something to go on with, those that run first,
        then the oldest first: they run, they wait for an agent, or they or something below them ran, or waits for a
        decision whose time is over at `now`.
        """
        ...

    async def lost(self, now: datetime) -> list[Lost]:
        """Return the root runs of no task without a living owner that may have something to go on with, in the order of
        `runs`.
        """
        ...

    async def changes(self) -> int:
        """Return a number that is another one once another process has written anything. Cheap. Where a store cannot tell who
        it was, this process's writes change it too.
        """
        ...

    async def changed(self, seen: int, within_s: float) -> None:
        """Come back within some hundredths of a second after `changes` was another number than `seen`, and at the latest
        when the time is over. A change may be missed.
        """
        ...

    async def is_queued(self) -> bool:
        """Return whether any task waits to be begun."""
        ...

    async def tasks(self) -> list[str]:
        """Return the keys of the tasks under way that no open run works on: theirs was not created, or has ended."""
        ...

"""What nobody attends to: found without a look at everything that there is."""

from datetime import datetime
from typing import Protocol

from callboard.domain.run_row import RunRow


class Unattended(Protocol):
    """Questions that a worker asks again and again: cheap, however many runs wait for people."""

    async def runs(self, now: datetime) -> list[RunRow]:
        """Return the runs of tasks without a living owner that may have something to go on with, those that run first,
        then the oldest first: they run, they wait for an agent, or they or something below them ran, or waits for a
        decision whose time is over at `now`.
        """
        ...

    async def is_queued(self) -> bool:
        """Return whether any task waits to be begun."""
        ...

    async def tasks(self) -> list[str]:
        """Return the keys of the tasks under way that no open run works on: theirs was not created, or has ended."""
        ...

"""Time and identity, so that nothing below bootstrap reads a clock or rolls dice."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time, a monotonic counter and a way to wait."""

    def now(self) -> datetime:
        """Return the time in UTC (aware)."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class IdSource(Protocol):
    """New identifiers."""

    def run_id(self) -> str:
        """Return a new run id: sortable by time, of `[a-z0-9]`."""
        ...

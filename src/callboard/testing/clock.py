"""A clock that nobody waits for, and ids that count."""

from datetime import datetime, timedelta, timezone
from typing import Final
from weakref import WeakKeyDictionary

_AT_ONCE: Final = 20
_MOMENT_S: Final = 0.001


class FakeClock:
    """Starts at a fixed moment, moves a millisecond per reading, and jumps when somebody sleeps."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 1, tzinfo=timezone.utc)
        self._elapsed = timedelta()
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the present moment."""
        self._elapsed += timedelta(milliseconds=1)
        return self._start + self._elapsed

    def monotonic(self) -> float:
        """Return seconds since the start."""
        return self._elapsed.total_seconds()

    def advance(self, seconds: float) -> None:
        """Move the clock by hand."""
        self._elapsed += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Jump instead of waiting."""
        self.slept.append(seconds)
        self.advance(seconds)


class PatientClock(FakeClock):
    """A fake clock whose sleepers yield to the loop, for runs with pollers in the background.

    Who sleeps again and again waits for something outside of the loop, a thread or a process, which is not kept from its
    work by being asked for all the time: from then on each sleep takes a moment.
    """

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__(start)
        self._sleeps: WeakKeyDictionary[object, int] = WeakKeyDictionary()

    async def sleep(self, seconds: float) -> None:
        """Let others go first, then jump."""
        import asyncio  # noqa: PLC0415

        sleeper = asyncio.current_task()
        times = self._sleeps[sleeper] = self._sleeps.get(sleeper, 0) + 1
        await asyncio.sleep(0 if times <= _AT_ONCE else _MOMENT_S)
        await super().sleep(seconds)


class CountingIds:
    """Ids that count: run-1, run-2 and so on."""

    def __init__(self) -> None:
        self._count = 0

    def run_id(self) -> str:
        """Return the next id."""
        self._count += 1
        return f"run-{self._count}"

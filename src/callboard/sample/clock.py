"""A clock that can be set: with it the past is lived through before anybody looks."""

import asyncio
from datetime import datetime, timedelta


class SetClock:
    """Stands at a moment until it is set to another one, or moved on."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the moment; a millisecond passes with every look, so that what follows is later."""
        self.pass_by(0.001)
        return self._moment

    def monotonic(self) -> float:
        """Return seconds that only grow, wherever the clock is set to."""
        return self._passed

    async def sleep(self, seconds: float) -> None:
        """Really wait: only what polls in the background sleeps."""
        await asyncio.sleep(seconds)

    def set(self, moment: datetime) -> None:
        """Go to a moment, earlier or later."""
        self._moment = moment

    def pass_by(self, seconds: float) -> None:
        """Let some time pass."""
        self._moment += timedelta(seconds=seconds)
        self._passed += seconds

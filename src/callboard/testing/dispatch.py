"""What every dispatcher does. Subclass, and give the fixture `dispatcher`."""

# ruff: noqa: D102 - the names of the tests are their sentences

import asyncio

import pytest

from callboard.domain.errors import LogError
from callboard.ports.dispatcher import Dispatcher

_BOUND_S = 10


class Advances:
    """Counts calls per run, and lets the test hold them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.running: set[str] = set()
        self.overlapped = False
        self.free = asyncio.Event()
        self._called = asyncio.Event()

    async def __call__(self, run_id: str) -> None:
        self.overlapped |= run_id in self.running
        self.running.add(run_id)
        self.calls.append(run_id)
        self._called.set()
        try:
            await self.free.wait()
        finally:
            self.running.discard(run_id)

    async def until(self, count: int) -> None:
        """Wait until there were `count` calls."""
        async with asyncio.timeout(_BOUND_S):
            while len(self.calls) < count:
                self._called.clear()
                await self._called.wait()


async def _nothing() -> list[str]:
    return []


class DispatcherContract:
    """The behaviour of `callboard.ports.dispatcher.Dispatcher`."""

    async def test_advances_what_is_found_at_the_start(self, dispatcher: Dispatcher) -> None:
        advances = Advances()
        advances.free.set()

        async def recover() -> list[str]:
            return ["lost"]

        await dispatcher.start(advances, recover)
        await advances.until(1)
        await dispatcher.stop(_BOUND_S)
        assert advances.calls == ["lost"]

    async def test_advances_one_run_at_most_once_at_a_time_and_loses_no_hint(
        self, dispatcher: Dispatcher
    ) -> None:
        advances = Advances()
        await dispatcher.start(advances, _nothing)
        await dispatcher.submit("a")
        await advances.until(1)
        await dispatcher.submit("a")
        await dispatcher.submit("a")
        advances.free.set()
        await advances.until(2)
        await dispatcher.stop(_BOUND_S)
        assert advances.calls == ["a", "a"]
        assert not advances.overlapped

    async def test_a_run_that_cannot_be_advanced_stops_no_other(
        self, dispatcher: Dispatcher
    ) -> None:
        advances = Advances()
        advances.free.set()

        async def advance(run_id: str) -> None:
            await advances(run_id)
            if run_id == "bad":
                raise LogError("cannot be read")

        await dispatcher.start(advance, _nothing)
        await dispatcher.submit("bad")
        await dispatcher.submit("good")
        await advances.until(2)
        await dispatcher.stop(_BOUND_S)
        assert sorted(advances.calls) == ["bad", "good"]

    async def test_stops_what_does_not_end_in_time(self, dispatcher: Dispatcher) -> None:
        advances = Advances()
        await dispatcher.start(advances, _nothing)
        await dispatcher.submit("long")
        await advances.until(1)
        await dispatcher.stop(0)
        assert advances.running == set()
        with pytest.raises(LogError):
            await dispatcher.submit("late")

"""What every dispatcher does. Subclass, and give the fixture `dispatcher`; for one that reaches other processes also
`other`: one that works on the same queue as another process would.
"""

# ruff: noqa: D102 - the names of the tests are their sentences

import asyncio
from collections.abc import Callable
from datetime import timedelta

from callboard.domain.errors import LogError
from callboard.domain.submission import Submission
from callboard.ports.dispatcher import Dispatcher
from callboard.runtime.system import SystemClock

_BOUND_S = 60
_FLOOD = 200
_CLOCK = SystemClock()


class Advances:
    """Counts calls per run, and lets the test hold them."""

    def __init__(self, *, free: bool = False) -> None:
        self.calls: list[str] = []
        self.running: set[str] = set()
        self.overlapped = False
        self.looks = 0
        self.free = asyncio.Event()
        self._changed = asyncio.Event()
        if free:
            self.free.set()

    async def __call__(self, run_id: str) -> None:
        self.overlapped |= run_id in self.running
        self.running.add(run_id)
        self.calls.append(run_id)
        self._changed.set()
        try:
            await self.free.wait()
        finally:
            self.running.discard(run_id)
            self._changed.set()

    async def look(self) -> None:
        """Count a look."""
        self.looks += 1
        self._changed.set()

    async def until(self, fits: Callable[[], bool]) -> None:
        """Wait until something holds that calls and looks bring about."""
        async with asyncio.timeout(_BOUND_S):
            while not fits():
                self._changed.clear()
                await self._changed.wait()

    async def called(self, count: int) -> None:
        """Wait until there were `count` calls."""
        await self.until(lambda: len(self.calls) >= count)


class DispatcherContract:
    """The behaviour of `callboard.ports.dispatcher.Dispatcher`."""

    async def test_advances_what_is_submitted(self, dispatcher: Dispatcher) -> None:
        advances = Advances(free=True)
        await dispatcher.start(advances, advances.look, 4)
        await dispatcher.submit(Submission("a"))
        await advances.called(1)
        await dispatcher.stop(_BOUND_S)
        assert advances.calls == ["a"]

    async def test_advances_one_run_at_most_once_at_a_time_and_loses_no_hint(
        self, dispatcher: Dispatcher
    ) -> None:
        advances = Advances()
        await dispatcher.start(advances, advances.look, 4)
        await dispatcher.submit(Submission("a"))
        await advances.called(1)
        await dispatcher.submit(Submission("a"))
        await dispatcher.submit(Submission("a"))
        advances.free.set()
        await advances.called(2)
        await dispatcher.stop(_BOUND_S)
        assert set(advances.calls) == {"a"}
        assert not advances.overlapped

    async def test_no_more_runs_advance_at_once_than_allowed(self, dispatcher: Dispatcher) -> None:
        advances = Advances()
        await dispatcher.start(advances, advances.look, 2)
        for name in "abc":
            await dispatcher.submit(Submission(name))
        await advances.called(2)
        assert len(advances.running) == 2
        advances.free.set()
        await advances.called(3)
        await dispatcher.stop(_BOUND_S)

    async def test_the_more_urgent_of_a_space_comes_first(self, dispatcher: Dispatcher) -> None:
        advances = Advances()
        await dispatcher.start(advances, advances.look, 1)
        await dispatcher.submit(Submission("first"))
        await advances.called(1)
        await dispatcher.submit(Submission("low", priority="low"))
        await dispatcher.submit(Submission("normal"))
        await dispatcher.submit(Submission("urgent", priority="urgent"))
        advances.free.set()
        await advances.called(4)
        await dispatcher.stop(_BOUND_S)
        assert advances.calls == ["first", "urgent", "normal", "low"]

    async def test_what_is_for_later_keeps_nobody_else_waiting(
        self, dispatcher: Dispatcher
    ) -> None:
        advances = Advances(free=True)
        await dispatcher.start(advances, advances.look, 1)
        soon = _CLOCK.now() + timedelta(seconds=1)
        await dispatcher.submit(Submission("later", priority="urgent", not_before=soon))
        await dispatcher.submit(Submission("now", priority="low"))
        await advances.called(2)
        at = _CLOCK.now()
        await dispatcher.stop(_BOUND_S)
        assert advances.calls == ["now", "later"]
        assert at >= soon

    async def test_a_hint_for_now_is_not_put_off_by_one_for_later(
        self, dispatcher: Dispatcher
    ) -> None:
        advances = Advances(free=True)
        await dispatcher.start(advances, advances.look, 1)
        tomorrow = _CLOCK.now() + timedelta(days=1)
        await dispatcher.submit(Submission("a", not_before=tomorrow))
        await dispatcher.submit(Submission("a"))
        await advances.called(1)
        await dispatcher.stop(_BOUND_S)
        assert advances.calls == ["a"]

    async def test_a_flood_of_one_space_keeps_no_other_out(self, dispatcher: Dispatcher) -> None:
        advances = Advances()
        await dispatcher.start(advances, advances.look, 1)
        for number in range(_FLOOD):
            await dispatcher.submit(Submission(f"a{number}", "a", "urgent"))
        await advances.called(1)
        await dispatcher.submit(Submission("b", "b", "low"))
        advances.free.set()
        await advances.until(lambda: "b" in advances.calls)
        await dispatcher.stop(_BOUND_S)
        assert advances.calls.index("b") < 5

    async def test_a_run_that_cannot_be_advanced_stops_no_other(
        self, dispatcher: Dispatcher
    ) -> None:
        advances = Advances(free=True)

        async def advance(run_id: str) -> None:
            await advances(run_id)
            if run_id == "bad":
                raise LogError("cannot be read")

        await dispatcher.start(advance, advances.look, 1)
        await dispatcher.submit(Submission("bad"))
        await dispatcher.submit(Submission("good"))
        await advances.called(2)
        await dispatcher.stop(_BOUND_S)
        assert sorted(advances.calls) == ["bad", "good"]

    async def test_somebody_looks_for_work_when_there_is_a_knock(
        self, dispatcher: Dispatcher
    ) -> None:
        advances = Advances(free=True)
        await dispatcher.start(advances, advances.look, 1)
        await dispatcher.knock()
        await advances.until(lambda: advances.looks > 0)
        await dispatcher.stop(_BOUND_S)

    async def test_stops_what_does_not_end_in_time(self, dispatcher: Dispatcher) -> None:
        advances = Advances()
        await dispatcher.start(advances, advances.look, 4)
        await dispatcher.submit(Submission("long"))
        await advances.called(1)
        await dispatcher.stop(0)
        assert advances.running == set()
        await dispatcher.submit(Submission("long"))

    async def test_can_be_started_again(self, dispatcher: Dispatcher) -> None:
        for count in (1, 2):
            advances = Advances(free=True)
            await dispatcher.start(advances, advances.look, 1)
            await dispatcher.submit(Submission(f"a{count}"))
            await advances.called(1)
            await dispatcher.stop(_BOUND_S)
            assert advances.calls == [f"a{count}"]


class SharedDispatcherContract(DispatcherContract):
    """The behaviour of a dispatcher that reaches other processes."""

    async def test_what_is_submitted_elsewhere_is_advanced_here(
        self, dispatcher: Dispatcher, other: Dispatcher
    ) -> None:
        advances = Advances(free=True)
        await dispatcher.start(advances, advances.look, 2)
        await other.submit(Submission("a"))
        await advances.called(1)
        await other.knock()
        await advances.until(lambda: advances.looks > 0)
        await dispatcher.stop(_BOUND_S)

    async def test_what_is_submitted_while_nobody_dispatches_waits(
        self, dispatcher: Dispatcher, other: Dispatcher
    ) -> None:
        await other.submit(Submission("a"))
        advances = Advances(free=True)
        await dispatcher.start(advances, advances.look, 2)
        await advances.called(1)
        await dispatcher.stop(_BOUND_S)


class PeersContract(SharedDispatcherContract):
    """The behaviour of a dispatcher of which several can dispatch in one process."""

    async def test_whoever_has_a_place_takes_what_another_has_none_for(
        self, dispatcher: Dispatcher, other: Dispatcher
    ) -> None:
        here, there = Advances(), Advances(free=True)
        await dispatcher.start(here, here.look, 1)
        await dispatcher.submit(Submission("long"))
        await here.called(1)
        await other.start(there, there.look, 1)
        for number in range(10):
            await dispatcher.submit(Submission(f"short{number}"))
        await there.until(lambda: len(set(there.calls)) == 10)
        assert here.calls == ["long"]
        here.free.set()
        await other.stop(_BOUND_S)
        await dispatcher.stop(_BOUND_S)

    async def test_two_that_start_at_once_do_not_hinder_each_other(
        self, dispatcher: Dispatcher, other: Dispatcher
    ) -> None:
        both = Advances(free=True)
        await asyncio.gather(dispatcher.start(both, both.look, 2), other.start(both, both.look, 2))
        await asyncio.gather(*(dispatcher.submit(Submission(f"r{n}")) for n in range(20)))
        await both.until(lambda: len(set(both.calls)) == 20)
        await asyncio.gather(dispatcher.stop(_BOUND_S), other.stop(_BOUND_S))

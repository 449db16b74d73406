"""Live fan-out to whoever watches in this process. Events are shown after they are durable; deltas are
transient and may be missed, and never overtake the events before them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from callboard.domain.events.codec import Recorded, Sealed
from callboard.ports.model import Delta

OnEvent = Callable[[Recorded, Sealed], None]
_Batch = tuple["asyncio.Future[None]", Sequence[Recorded], Sequence[Sealed]]
OnLiveDelta = Callable[[str, Delta], None]
OnStored = Callable[[float], None]


class Live:
    """Watchers of this process's runs. A watcher must not block and must not raise."""

    def __init__(self) -> None:
        self._events: list[OnEvent] = []
        self._queue: deque[_Batch | tuple[str, Delta]] = deque()
        self._deltas: list[OnLiveDelta] = []
        self._timing: list[OnStored] = []

    @contextmanager
    def watching(self, on_event: OnEvent, on_delta: OnLiveDelta | None = None) -> Generator[None]:
        """Call `on_event(recorded, sealed)` for every durable event and `on_delta(run_id, delta)` for
        every streamed piece, until the block ends.
        """
        self._events.append(on_event)
        if on_delta is not None:
            self._deltas.append(on_delta)
        try:
            yield
        finally:
            self._events.remove(on_event)
            if on_delta is not None:
                self._deltas.remove(on_delta)

    @contextmanager
    def timing(self, on_stored: OnStored) -> Generator[None]:
        """Call `on_stored(seconds)` with the time that each batch took to become durable, until the block ends."""
        self._timing.append(on_stored)
        try:
            yield
        finally:
            self._timing.remove(on_stored)

    def submitted(
        self, future: "asyncio.Future[None]", recorded: Sequence[Recorded], sealed: Sequence[Sealed]
    ) -> None:
        """Show these events once `future` says that they are durable, after all that came before. What was
        submitted while nobody watched is not shown to who comes later: it is in the log. Whoever submits is told of
        failures.
        """
        if self._timing:
            self._time(future)
        if not self._events:
            return
        self._queue.append((future, recorded, sealed))
        future.add_done_callback(self._stored)

    @contextmanager
    def storing(self, recorded: Recorded, sealed: Sealed) -> Generator[None]:
        """Show an event that the block hands to the store as its first act: in the order of storage,
        when the block has ended, and not at all where it fails.
        """
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((stored, (recorded,), (sealed,)))
        try:
            yield
        except BaseException:
            stored.cancel()
            raise
        else:
            stored.set_result(None)
        finally:
            self.catch_up()

    def catch_up(self) -> None:
        """Show everything that is durable, in the order in which it was handed to the store."""
        while self._queue:
            entry = self._queue[0]
            if len(entry) == 2:
                self._queue.popleft()
                self._show_delta(*entry)
                continue
            future, recorded, sealed = entry
            if not future.done():
                return
            self._queue.popleft()
            if future.cancelled() or future.exception() is not None:
                continue
            for event, stored in zip(recorded, sealed, strict=True):
                for watcher in self._events:
                    watcher(event, stored)

    def _time(self, future: "asyncio.Future[None]") -> None:
        clock = asyncio.get_running_loop().time
        began = clock()

        def stored(_: "asyncio.Future[None]") -> None:
            for watcher in self._timing:
                watcher(clock() - began)

        future.add_done_callback(stored)

    def _stored(self, future: "asyncio.Future[None]") -> None:
        del future
        self.catch_up()

    def delta(self, run_id: str, delta: Delta) -> None:
        """Show a streamed piece, after the events that are on their way into the store."""
        if not self._deltas:
            return
        if self._queue:
            self._queue.append((run_id, delta))
        else:
            self._show_delta(run_id, delta)

    def _show_delta(self, run_id: str, delta: Delta) -> None:
        for watcher in self._deltas:
            watcher(run_id, delta)

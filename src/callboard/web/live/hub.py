"""The hub: topics that somebody watches, looked after by one task of this process.

It wakes when a run of this process goes on, and looks at the store from time to time for what others wrote: one
look for all topics, and none while nobody watches. What changed is rendered once and handed to every tab.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import Recorded, Sealed
from callboard.ports.model import Delta
from callboard.usecases.app import App
from callboard.web.live.topic import Batch, Topic
from callboard.web.live.viewer import Viewer

log: Final = logging.getLogger("callboard.live")
OnDelta = Callable[[str, Delta], None]
OnEvent = Callable[[Recorded], None]


@dataclass(slots=True)
class Pace:
    """How many seconds go by between two batches, and between two looks for what other processes wrote."""

    batch_s: float = 0.1
    look_s: float = 0.5


@dataclass(slots=True)
class Watched:
    """A topic, whoever watches it or is about to, and the name that they know it by."""

    topic: Topic
    name: str
    viewers: set[Viewer] = field(default_factory=set[Viewer])
    joining: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    stirred: bool = False
    rests_until: float = 0.0
    begun: bool = False


class Hub:
    """The topics of this process. Topics may also hear events and streamed text of this process as they come."""

    def __init__(self, app: App, pace: Pace | None = None) -> None:
        self._app = app
        self._pace = pace or Pace()
        self._watched: dict[str, Watched] = {}
        self._viewers: set[Viewer] = set()
        self._woken = asyncio.Event()
        self._head = 0
        self._task: asyncio.Task[None] | None = None
        self._on_event: list[OnEvent] = []
        self._on_delta: list[OnDelta] = []

    @property
    def viewers(self) -> int:
        """How many tabs watch something here."""
        return len(self._viewers)

    @property
    def is_looking(self) -> bool:
        """Whether the store is looked at from time to time."""
        return self._task is not None and not self._task.done()

    @asynccontextmanager
    async def viewing(self) -> AsyncGenerator[Viewer]:
        """Let a tab watch as long as the block lasts."""
        viewer = Viewer()
        self._viewers.add(viewer)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)
            for key in list(self._watched):
                self.leave(viewer, key)
            self._woken.set()

    async def join(
        self, viewer: Viewer, key: str, name: str, make: Callable[[], Topic], at: int
    ) -> None:
        """Let a tab watch a topic from the position `at` on. It is told what it lacks before anything else.

        Raises:
            UnknownThing: there is nothing of that name.
        """
        watched = self._watched.get(key)
        if watched is None:
            watched = self._watched[key] = Watched(make(), name)
        watched.joining += 1
        try:
            async with watched.lock:
                if not watched.begun:
                    await watched.topic.begin(self._app)
                    watched.begun = watched.stirred = True
                    self._hear(watched.topic)
                # an empty answer too: from then on the tab misses nothing, and may say that it is live
                lacking = await watched.topic.since(self._app, at) or Batch(at)
                viewer.tell(message(watched.name, lacking))
                watched.viewers.add(viewer)
        finally:
            watched.joining -= 1
            self._let_go(key, watched)

    def leave(self, viewer: Viewer, key: str) -> None:
        """Let a tab not watch a topic any more; the last one takes it along."""
        watched = self._watched.get(key)
        if watched is None or viewer not in watched.viewers:
            return
        watched.viewers.discard(viewer)
        self._let_go(key, watched)

    async def close(self) -> None:
        """Say goodbye to every tab: they come back to whoever serves then."""
        for viewer in self._viewers:
            viewer.end(json.dumps({"bye": "restart"}))
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        self._head = (await self._app.threads.arrived(None)).head
        with self._app.ports.live.watching(self._heard, self._heard_delta), self._listening():
            while self._viewers:
                await self._wait()
                try:
                    await self._turn()
                except CallboardError as error:  # the next look may find the store again
                    log.warning("live pages: %s", error)
                except Exception as error:  # noqa: BLE001 - one look that fails must not end all of them
                    _note(error)

    @contextmanager
    def _listening(self) -> Generator[None]:
        """Wake up when another process writes, where the store can tell."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody watches any more
                loop.call_soon_threadsafe(self._woken.set)

        stop = self._app.threads.listen(wake)
        try:
            yield
        finally:
            stop()

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time
        arrivals = await self._app.threads.arrived(self._head)
        self._head = max(self._head, arrivals.head)
        watching = list(self._watched.values())
        for watched in watching:  # at once: whatever comes of telling one of them, the others know
            watched.stirred = watched.stirred or watched.topic.concerns(arrivals)
        for watched in watching:
            if watched.stirred and watched.begun and now() >= watched.rests_until:
                await self._tell(watched)
                watched.rests_until = now() + watched.topic.every_s

    async def _tell(self, watched: Watched) -> None:
        async with watched.lock:
            watched.stirred = False
            try:
                batch = await watched.topic.advance(self._app)
            except CallboardError as error:
                log.warning("live %s: %s", watched.name, error)
                watched.stirred = True
                return
            if batch is not None:
                said = message(watched.name, batch)
                for viewer in watched.viewers:
                    viewer.tell(said)

    async def _wait(self) -> None:
        """Wait until something happens here or it is time to look; what happens within a batch is one."""
        resting = any(watched.stirred for watched in self._watched.values())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.batch_s if resting else self._pace.look_s):
                await self._woken.wait()
        if self._woken.is_set():
            await asyncio.sleep(self._pace.batch_s)
        self._woken.clear()

    def _heard(self, recorded: Recorded, _: Sealed) -> None:
        for hear in self._on_event:
            hear(recorded)
        self._woken.set()

    def _heard_delta(self, run_id: str, delta: Delta) -> None:
        for hear in self._on_delta:
            hear(run_id, delta)
        self._woken.set()

    def _hear(self, topic: Topic) -> None:
        if (hear := getattr(topic, "heard", None)) is not None:
            self._on_event.append(hear)
        if (hear := getattr(topic, "streamed", None)) is not None:
            self._on_delta.append(hear)

    def _let_go(self, key: str, watched: Watched) -> None:
        """Forget a topic that nobody watches any more."""
        if watched.viewers or watched.joining or self._watched.get(key) is not watched:
            return
        topic = self._watched.pop(key).topic
        for hearing, name in ((self._on_event, "heard"), (self._on_delta, "streamed")):
            hear = getattr(topic, name, None)
            if hear is not None and hear in hearing:
                hearing.remove(hear)


def _note(error: Exception) -> None:
    """Write down what nobody expected, for whoever looks after the deployment."""
    log.error("live pages: a look went wrong", exc_info=error)


def message(name: str, batch: Batch) -> str:
    """Return a batch as it goes to tabs."""
    if batch.reset:
        return json.dumps({"t": name, "seq": batch.seq, "reset": True})
    told = {"t": name, "seq": batch.seq, "ops": batch.ops}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

"""How things stand at this moment: the deployment's work, its limits, this process."""

import asyncio
from contextlib import suppress
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, Histogram

from callboard.domain.errors import CallboardError
from callboard.engine.pacing import BEGINS, TOKENS, without
from callboard.ports.limiter import Limiter
from callboard.ports.operations import Operations
from callboard.telemetry.labels import Few

_LOOK_S: Final = 0.5
_LAGS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_WRITES: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class DeploymentGauges:
    """What the database says, the same in every process: take the greatest over all of them, not the sum."""

    def __init__(
        self, registry: CollectorRegistry, operations: Operations, limiter: Limiter
    ) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"callboard_{name}", text, labels, registry=registry)

        self._operations, self._limiter, self._limit = operations, limiter, Few()
        self._up = gauge("database_up", "Whether the database answers this process.")
        self._runs = gauge("runs_open", "Runs that have not ended, in the whole deployment.", "kind", "status")  # fmt: skip
        self._people = gauge("runs_waiting_for_people", "Whole runs that go on when somebody decides.")  # fmt: skip
        self._queued = gauge("tasks_queued", "Tasks that wait to begin.")
        self._under_way = gauge("tasks_under_way", "Tasks that have begun and not ended.")
        self._slots = gauge("limit_in_use", "How many go on under a limit.", "limit")
        self._most = gauge("limit_at_once", "How many may go on under a limit.", "limit")

    async def refresh(self) -> None:
        """Ask the database. Where it does not answer, only that is known."""
        try:
            load = await self._operations.load()
            limits = without(await self._limiter.standings(), BEGINS, TOKENS)
        except CallboardError:
            self._up.set(0)
            return
        self._up.set(1)
        for kind in ("agent", "workflow"):
            for status in ("running", "waiting"):
                self._runs.labels(kind, status).set(load.runs.get((kind, status), 0))
        self._people.set(load.waiting_for_people)
        self._queued.set(load.queued)
        self._under_way.set(load.under_way)
        self._slots.clear()
        self._most.clear()
        for one in limits:
            label = self._limit(one.limit.name)
            self._slots.labels(label).set(one.in_use)
            if one.limit.at_once is not None:
                self._most.labels(label).set(one.limit.at_once)


class ProcessTimes:
    """How long writing takes, and how late this process gets to what it wants to do."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._stored = Histogram(
            "callboard_store_append_seconds",
            "How long events took to become durable, from the moment they were handed to the store.",
            buckets=_WRITES,
            registry=registry,
        )
        self._lag = Histogram(
            "callboard_event_loop_lag_seconds",
            "How much later than it wanted this process went on with something.",
            buckets=_LAGS,
            registry=registry,
        )
        self._watch: asyncio.Task[None] | None = None

    def stored(self, seconds: float) -> None:
        """Note how long a batch of events took to become durable."""
        self._stored.observe(seconds)

    def start(self) -> None:
        """Begin to look how late this process is."""
        self._watch = asyncio.get_running_loop().create_task(self._look())

    async def stop(self) -> None:
        """Look no more."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch

    async def _look(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            wanted = clock() + _LOOK_S
            await asyncio.sleep(_LOOK_S)
            self._lag.observe(max(0.0, clock() - wanted))

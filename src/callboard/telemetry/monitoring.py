"""The numbers of one process: counted as long as it works, written out when somebody asks."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from callboard.domain.events.codec import Recorded, Sealed
from callboard.ports.event_store import EventStore
from callboard.ports.limiter import Limiter
from callboard.ports.operations import Operations
from callboard.telemetry.gauges import DeploymentGauges, ProcessTimes
from callboard.telemetry.listener import Listener
from callboard.telemetry.metrics import RunMetrics

Watching = Callable[[Callable[[Recorded, Sealed], None]], AbstractContextManager[None]]
Timing = Callable[[Callable[[float], None]], AbstractContextManager[None]]


class Monitoring:
    """Counts what happens in this process from `start` to `stop`. `watching` and `timing` subscribe to what became
    durable here, and to how long that took.
    """

    def __init__(
        self,
        *,
        version: str,
        store: EventStore,
        operations: Operations,
        limiter: Limiter,
        watching: Watching,
        timing: Timing,
    ) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        Info("callboard", "This Callboard.", registry=self._registry).info({"version": version})
        self._listener = Listener(store, [RunMetrics(self._registry)])
        self._gauges = DeploymentGauges(self._registry, operations, limiter)
        self._times = ProcessTimes(self._registry)
        self._watching, self._timing = watching, timing
        self._subscribed = ExitStack()

    async def start(self) -> None:
        """Begin to count."""
        self._subscribed.enter_context(self._watching(self._listener.heard))
        self._subscribed.enter_context(self._timing(self._times.stored))
        self._times.start()

    async def stop(self) -> None:
        """Count no more."""
        self._subscribed.close()
        await self._times.stop()
        await self._listener.close()

    async def text(self) -> bytes:
        """Return all numbers in the text format of Prometheus."""
        await self._gauges.refresh()
        return generate_latest(self._registry)

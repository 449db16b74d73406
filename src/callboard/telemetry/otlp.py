"""Traces and numbers of OpenTelemetry, sent to a collector by threads of their own. What it cannot take is lost."""

import asyncio
import logging
from collections import OrderedDict
from datetime import datetime
from threading import Thread
from typing import Final, Protocol

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from callboard.domain.events.codec import Recorded
from callboard.domain.events.run import RunCreated
from callboard.engine.monitored import TraceSettings
from callboard.telemetry.run_facts import RunFacts
from callboard.telemetry.spans import Attributes, SpanFacts, opening_of, span_of
from callboard.telemetry.usage_numbers import UsageNumbers

_log: Final = logging.getLogger("callboard.telemetry")
_CLOSE_WITHIN_S: Final = 3.0
_GIVE_UP_WITHIN_S: Final = 1.0
_MOST_OPENINGS: Final = 1_000
_KINDS: Final = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT}


class _Exporter(Protocol):
    def shutdown(self) -> None: ...


class OtlpEar:
    """`callboard.telemetry.listener.Ear`: hands what it makes of events to the threads that send it."""

    def __init__(self, settings: TraceSettings, version: str) -> None:
        _quieten()
        self._settings = settings
        self._resource = _resource(version)
        self._scope = InstrumentationScope("callboard", version)
        traces = OTLPSpanExporter(endpoint=f"{settings.endpoint}/v1/traces")
        self._spans = BatchSpanProcessor(traces)
        numbers = OTLPMetricExporter(endpoint=f"{settings.endpoint}/v1/metrics")
        self._exporters: tuple[_Exporter, ...] = (traces, numbers)
        self._meters = MeterProvider(
            [PeriodicExportingMetricReader(numbers)], self._resource, shutdown_on_exit=False
        )
        meter = self._meters.get_meter("callboard", version)
        self._numbers = UsageNumbers(meter, latest=settings.latest)
        self._openings: OrderedDict[str, Attributes] = OrderedDict()

    def heard(self, facts: RunFacts, recorded: Recorded) -> None:
        """See `Ear`."""
        content = self._settings.content
        if content and isinstance(recorded.event, RunCreated):
            self._openings[recorded.run_id] = opening_of(recorded.event)
            if len(self._openings) > _MOST_OPENINGS:
                self._openings.popitem(last=False)
        span = span_of(facts, recorded, content=content)
        if span is None:
            return
        is_whole = str(span.attributes["gen_ai.operation.name"]).startswith("invoke_")
        opening = self._openings.pop(recorded.run_id, {}) if is_whole else {}
        self._spans.on_end(self._readable(span, opening))
        self._numbers.count(span)

    async def close(self) -> None:
        """Send what is waiting, if the collector takes it soon, and let go of the rest."""

        def shut() -> None:
            self._spans.shutdown()
            self._meters.shutdown(timeout_millis=_CLOSE_WITHIN_S * 1000)

        closing = Thread(target=shut, name="callboard-telemetry", daemon=True)
        closing.start()
        await asyncio.to_thread(closing.join, _CLOSE_WITHIN_S)
        if closing.is_alive():
            _log.warning("the last traces were not taken in time, and are lost")
            await asyncio.to_thread(self._give_up, closing)

    def _give_up(self, closing: Thread) -> None:
        """End the attempts to send: a collector that is away would be tried again for a minute."""
        for exporter in self._exporters:
            exporter.shutdown()
        closing.join(_GIVE_UP_WITHIN_S)

    def _readable(self, span: SpanFacts, opening: Attributes) -> ReadableSpan:
        def context(span_id: str) -> SpanContext:
            sampled = TraceFlags(TraceFlags.SAMPLED)
            return SpanContext(int(span.trace, 16), int(span_id, 16), False, sampled)  # noqa: FBT003

        failed = {} if span.error is None else {"error.type": span.error}
        return ReadableSpan(
            name=span.name,
            context=context(span.span),
            parent=None if span.parent is None else context(span.parent),
            resource=self._resource,
            attributes={**span.attributes, **opening, **failed},
            kind=_KINDS[span.kind],
            status=Status(StatusCode.UNSET if span.error is None else StatusCode.ERROR),
            start_time=_nanoseconds(span.began_at),
            end_time=_nanoseconds(span.ended_at),
            instrumentation_scope=self._scope,
        )


def _resource(version: str) -> Resource:
    """Return what names this process: as the standard variables say, else as `callboard`."""
    told = Resource.create()
    own = {SERVICE_VERSION: version}
    if str(told.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        own[SERVICE_NAME] = "callboard"
    return told.merge(Resource(own))


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000) * 1_000


class _Once(logging.Handler):
    """Says once that something could not be sent, in our own log."""

    said = False

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        if not self.said and record.levelno >= logging.WARNING:
            self.said = True
            _log.warning("traces cannot be sent (this is said once): %s", record.getMessage())


def _quieten() -> None:
    """Keep what the library says about a collector that is away off the screen."""
    library = logging.getLogger("opentelemetry")
    if not any(isinstance(handler, _Once) for handler in library.handlers):
        library.addHandler(_Once())
        library.propagate = False

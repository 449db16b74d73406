"""Traces and numbers for a collector of OpenTelemetry, where the environment names one."""

# ruff: noqa: PLC0415 - the libraries are imported where somebody wants traces

import importlib.util
import logging
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from callboard.ports.event_store import EventStore
from callboard.ports.examination import Finding
from callboard.runtime.live import Live
from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.ports.telemetry import Telemetry
    from callboard.telemetry.listener import Listener
    from callboard.telemetry.otlp import OtlpEar

_log: Final = logging.getLogger("callboard.telemetry")
WAY_OUT: Final = "Install it: pip install 'callboard[opentelemetry]'."


def has_opentelemetry() -> bool:
    """Return whether the extra is installed."""
    return importlib.util.find_spec("opentelemetry") is not None and (
        importlib.util.find_spec("opentelemetry.sdk") is not None
    )


def trace_finding(settings: Settings) -> Finding | None:
    """Return what is to be said about traces, where the settings name a collector for them."""
    if settings.traces is None:
        return None
    there = has_opentelemetry()
    lacking = "" if there else ", and the extra `opentelemetry` is not installed"
    place = urlsplit(settings.traces.endpoint).netloc.rpartition("@")[2]  # without a password
    said = f"go to {place}{lacking}"
    return Finding("traces", said, held=there, way_out=WAY_OUT, required=False)


def open_traces(settings: Settings, store: EventStore, live: Live) -> "Telemetry | None":
    """Begin to send what this process does to the collector that the settings name; None where they name none. A
    missing library is said in the log, and by `callboard doctor`: no run fails for want of telemetry.
    """
    if settings.traces is None:
        return None
    if not has_opentelemetry():
        _log.warning(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and the extra `opentelemetry` is not there. %s",
            WAY_OUT,
        )
        return None
    from callboard.telemetry.listener import Listener
    from callboard.telemetry.otlp import OtlpEar

    ear = OtlpEar(settings.traces, _version())
    return _Traces(live, Listener(store, [ear]), ear)


class _Traces:
    """`callboard.ports.telemetry.Telemetry`."""

    def __init__(self, live: Live, listener: "Listener", ear: "OtlpEar") -> None:
        self._listener, self._ear = listener, ear
        self._subscribed = ExitStack()
        self._subscribed.enter_context(live.watching(listener.heard))

    async def close(self) -> None:
        """See `Telemetry`."""
        self._subscribed.close()
        await self._listener.close()
        await self._ear.close()


def _version() -> str:
    try:
        return version("callboard")
    except PackageNotFoundError:
        return "0"

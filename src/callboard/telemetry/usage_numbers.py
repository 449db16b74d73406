"""Durations and tokens as OpenTelemetry's GenAI conventions name them: the old names, or the latest ones if asked."""

from typing import Final

from opentelemetry.metrics import Meter

from callboard.telemetry.labels import Few
from callboard.telemetry.spans import SpanFacts

_CARRIED: Final = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model")
_IN: Final = "gen_ai.usage.input_tokens"
_OUT: Final = "gen_ai.usage.output_tokens"
_TEXT: Final = {"gen_ai.token.modality": "text"}


class UsageNumbers:
    """Counts what spans tell."""

    def __init__(self, meter: Meter, *, latest: bool) -> None:
        self._few = Few()
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration", unit="s", description="How long operations took."
        )
        self._latest = latest
        if latest:
            name = "gen_ai.client.inference.usage"
            self._input = meter.create_counter(f"{name}.input_tokens", unit="{token}")
            self._output = meter.create_counter(f"{name}.output_tokens", unit="{token}")
        else:
            self._tokens = meter.create_histogram(
                "gen_ai.client.token.usage", unit="{token}", description="Tokens of a call."
            )

    def count(self, span: SpanFacts) -> None:
        """Count a span that is one of a model call or of a whole run."""
        told = {name: str(span.attributes[name]) for name in _CARRIED if name in span.attributes}
        if "gen_ai.request.model" in told:
            told["gen_ai.request.model"] = self._few(told["gen_ai.request.model"])
        failed = {} if span.error is None else {"error.type": span.error}
        seconds = (span.ended_at - span.began_at).total_seconds()
        self._duration.record(seconds, told | failed)
        for name, kind in ((_IN, "input"), (_OUT, "output")):
            count = span.attributes.get(name)
            if isinstance(count, int):
                self._count_tokens(kind, count, told)

    def _count_tokens(self, kind: str, count: int, told: dict[str, str]) -> None:
        if self._latest:
            (self._input if kind == "input" else self._output).add(count, told | _TEXT)
        else:
            self._tokens.record(count, told | {"gen_ai.token.type": kind})

"""Numbers for Prometheus: what runs, calls and tools came to in this process. No label names a run, a task, a person
or anything else that there can be any number of.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from callboard.domain.events.codec import Recorded
from callboard.domain.events.gate import GateDecided, GateExpired, GateOpened
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallFailed
from callboard.domain.events.program import SampleCompleted, SampleFailed
from callboard.domain.events.run import (
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    RunResumed,
)
from callboard.domain.events.tool_call import (
    ToolCallCompleted,
    ToolCallInterrupted,
    ToolCallRefused,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.usage import Usage, Usd
from callboard.telemetry.labels import OTHER, Few
from callboard.telemetry.run_facts import RunFacts

_CALLS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640)
_TOOLS: Final = (0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)
_ENDS: Final = {RunCompleted: "completed", RunFailed: "failed", RunCancelled: "cancelled"}


class RunMetrics:
    """`callboard.telemetry.listener.Ear`: counts events into a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"callboard_{name}", text, labels, registry=registry)

        self._model, self._tool, self._reason = Few(), Few(), Few(50)
        self._begun = counter("runs_started", "Runs that began, by kind.", "kind")
        self._ended = counter(
            "runs_ended", "Runs that ended, by kind and outcome.", "kind", "outcome"
        )
        self._resumed = counter(
            "runs_taken_up", "Runs that this process went on with after a wait or another process."
        )
        self._taken_over = counter(
            "runs_taken_over",
            "Runs that this process found in the middle: another one had died, or was told to end.",
        )
        self._turns = counter("turns", "Answers of models that joined a conversation.")
        by = ("provider", "model")
        self._calls = Histogram(
            "callboard_model_call_duration_seconds",
            "How long model calls took, from the request to the whole answer.",
            by,
            buckets=_CALLS,
            registry=registry,
        )
        self._failed = counter(
            "model_call_failures", "Model calls without an answer, by reason.", *by, "reason"
        )
        self._tokens = counter(
            "tokens", "Tokens as the providers count them; cached ones are part of the input,"
            " reasoning is part of the output.", *by, "type",
        )  # fmt: skip
        self._cost = counter("cost_usd", "What model calls cost, as far as that is known.", *by)
        self._unknown = counter("calls_of_unknown_cost", "Model calls of unknown cost.", *by)
        self._tools = counter("tool_calls", "Tool calls, by outcome.", "tool", "outcome")
        self._tool_time = Histogram(
            "callboard_tool_call_duration_seconds",
            "How long tool calls took.",
            ("tool",),
            buckets=_TOOLS,
            registry=registry,
        )
        self._gates = counter("gates_opened", "Runs that came to wait for a decision.", "reason")
        self._decided = counter("gates_decided", "Decisions about waiting runs.", "verdict")

    def heard(self, facts: RunFacts, recorded: Recorded) -> None:
        """See `Ear`."""
        match recorded.event:
            case ModelCallCompleted() | SampleCompleted() as answered:
                self._answered(facts, answered)
            case ModelCallFailed() | SampleFailed() as failed:
                self._failed.labels(*self._by(facts), self._reason(failed.failure.reason)).inc()
            case ToolCallCompleted() | ToolCallRefused() | ToolCallInterrupted() as call:
                self._called(call)
            case GateOpened() as opened:
                self._gates.labels(opened.reason).inc()
            case GateDecided() as decided:
                self._decided.labels(decided.verdict).inc()
            case GateExpired():
                self._decided.labels("expired").inc()
            case event:
                self._moved(facts, event)

    def _moved(self, facts: RunFacts, event: AnyEvent) -> None:
        match event:
            case RunCreated():
                self._begun.labels(facts.kind).inc()
            case RunResumed():
                self._resumed.inc()
                self._taken_over.inc(facts.was_left)
            case RunCompleted() | RunFailed() | RunCancelled():
                self._ended.labels(facts.kind, _ENDS[type(event)]).inc()
            case _:
                pass

    def _called(self, event: ToolCallCompleted | ToolCallRefused | ToolCallInterrupted) -> None:
        match event:
            case ToolCallCompleted():
                tool = self._tool(event.tool)
                self._tools.labels(tool, "failed" if event.is_error else "done").inc()
                self._tool_time.labels(tool).observe(event.duration_ms / 1000)
            case ToolCallRefused():
                # an unknown tool is named by the model, which may think of any name
                named = OTHER if event.reason == "unknown_tool" else self._tool(event.tool)
                self._tools.labels(named, f"refused_{self._reason(event.reason)}").inc()
            case ToolCallInterrupted():
                self._tools.labels(OTHER, "unknown").inc()

    def _answered(self, facts: RunFacts, event: ModelCallCompleted | SampleCompleted) -> None:
        by = self._by(facts)
        if isinstance(event, ModelCallCompleted):
            self._turns.inc()
        self._calls.labels(*by).observe(event.duration_ms / 1000)
        self._count_tokens(by, event.usage)
        self._count_cost(by, event.cost_usd)

    def _count_tokens(self, by: tuple[str, str], usage: Usage | None) -> None:
        if usage is None:
            return
        for kind, count in (
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cache_read", usage.cache_read_tokens),
            ("cache_write", usage.cache_write_tokens),
            ("reasoning", usage.reasoning_tokens),
        ):
            if count > 0:
                self._tokens.labels(*by, kind).inc(count)

    def _count_cost(self, by: tuple[str, str], cost_usd: Usd | None) -> None:
        if cost_usd is None:
            self._unknown.labels(*by).inc()
        elif cost_usd > 0:
            self._cost.labels(*by).inc(float(cost_usd))

    def _by(self, facts: RunFacts) -> tuple[str, str]:
        model = self._model(f"{facts.provider} {facts.model}")
        return (OTHER, OTHER) if model == OTHER else (facts.provider, facts.model[:100])

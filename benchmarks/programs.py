"""What a definition's program costs: to its first yield, and from yield to yield, in a confined worker."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from statistics import median

from pydantic import JsonValue

from callboard.domain.definition.program import program_source
from callboard.domain.message import JsonObject
from callboard.sandbox.programs.evaluator import ConfinedEvaluator
from callboard.sandbox.programs.pool import ConfinedProgram, ConfinedPrograms

PROGRAMS, YIELDS = 40, 500
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = {
    "python": "def handle_steps(ctx):\n    while True:\n        yield {'toolName': 'look', 'input': {}}\n",
    "javascript": "function* () { for (;;) yield { toolName: 'look', input: {} } }",
}


def _resume(messages: int) -> JsonObject:
    history: list[JsonValue] = [{"role": "user", "content": "x" * 900} for _ in range(messages)]
    return {
        "agentState": {"messageHistory": history, "output": None},
        "toolResult": [{"type": "json", "value": {"ok": True}}],
        "toolError": None,
        "toolText": "[]",
        "stepsComplete": False,
        "nResponses": None,
    }


async def _median_ms(rounds: int, work: Callable[[], Awaitable[object]]) -> float:
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    return median(times)


async def _measured(language: str, text: str) -> list[dict[str, object]]:
    programs = ConfinedPrograms()
    started: list[ConfinedProgram] = []

    async def first_yield() -> None:
        source = program_source(text)
        program = await programs.start(source, {"agentState": {}}, seed="seed")
        started.append(program)
        await program.advance(None, now=NOW)

    cold = await _median_ms(1, first_yield)
    warm = await _median_ms(PROGRAMS, first_yield)
    small, large = _resume(0), _resume(110)
    program = started[-1]
    each = await _median_ms(YIELDS, lambda: program.advance(small, now=NOW))
    heavy = await _median_ms(YIELDS, lambda: program.advance(large, now=NOW))
    await programs.close()
    return [
        {"what": f"{language}: first yield, nothing running yet", "ms": round(cold, 1)},
        {"what": f"{language}: first yield", "ms": round(warm, 1), "target": "≤ 10"},
        {"what": f"{language}: yield, small state", "ms": round(each, 2), "target": "≤ 0.3"},
        {"what": f"{language}: yield, 100 KB of state", "ms": round(heavy, 2)},
    ]


def _evaluation(suffix: str, text: str, count: int) -> dict[str, object]:
    files = {f"{n}.{suffix}": text for n in range(count)}
    began = time.perf_counter()
    found = ConfinedEvaluator().evaluate(files, tuple(files))
    passed = (time.perf_counter() - began) * 1000
    assert all(len(result.definitions) == 1 for result in found.values())
    return {"what": f"evaluating {count} files, .{suffix}", "ms": round(passed)}


def main() -> list[dict[str, object]]:
    """Measure both languages, confined as they are in use."""
    rows = [row for item in SOURCES.items() for row in asyncio.run(_measured(*item))]
    rows.append(_evaluation("py", "definition = {'id': 'a', 'model': 'm'}\n" * 20, 20))
    rows.append(_evaluation("ts", "export default { id: 'a', model: 'm' as string }\n", 20))
    return rows

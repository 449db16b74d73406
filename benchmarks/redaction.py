"""What looking for credentials costs a tool result."""

import statistics
import time
from pathlib import Path

import callboard
from callboard.engine.secrets_found import redact_text

_ROUNDS = 7


def _microseconds_a_kilobyte(text: str) -> float:
    times: list[float] = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        redact_text(text)
        times.append((time.perf_counter() - began) * 1e6 / (len(text) / 1024))
    return statistics.median(times)


def main() -> list[dict[str, object]]:
    """Measure source code, a list of numbers, and one long line."""
    package = Path(callboard.__file__).parent
    source = "\n".join(file.read_text() for file in sorted(package.rglob("*.py")))
    cases = {
        "source code": source[:400_000],
        "numbers": "\n".join(map(str, range(60_000))),
        "one line of a word again and again": "token " * 60_000,
    }
    return [
        {"text": name, "µs a KB (target ≤ 10)": round(_microseconds_a_kilobyte(text), 1)}
        for name, text in cases.items()
    ]

"""What a program logs during one step, bounded in number and size."""

import json
from typing import Any, Final

_LONGEST_DATA: Final = 10_000
_LONGEST_MESSAGE: Final = 2000

Line = list[Any]
"""Level, data, message."""


class Logs:
    """Collects lines; `most` of them, the last one then says how many are missing."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lines: list[Line] = []
        self._count = 0

    def add(self, level: str, data: object, message: object) -> None:
        """Keep a line as it is now: what it shows may change later."""
        self._count += 1
        if self._count <= self._most:
            self._lines.append([level, _snapshot(data), str(message)[:_LONGEST_MESSAGE]])

    def take(self) -> list[Line]:
        """Return the lines since the last time."""
        lines, self._lines = self._lines, []
        missing, self._count = self._count - len(lines), 0
        if missing and lines:
            lines[-1] = ["warn", None, f"{missing + 1} more log lines were dropped"]
        return lines


def _snapshot(data: object) -> Any:
    try:
        text = json.dumps(data, default=repr, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps(repr(data))
    if len(text) > _LONGEST_DATA:
        return text[:_LONGEST_DATA] + "…"
    return json.loads(text)

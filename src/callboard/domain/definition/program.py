"""The source of a programmatic agent's `handleSteps`, as it is kept in a definition."""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

_JAVASCRIPT = re.compile(r"function\s*\*")


@dataclass(frozen=True, slots=True)
class ProgramSource:
    """A JavaScript generator function expression, or a Python module text that defines `handle_steps`."""

    language: Literal["javascript", "python"]
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of language and text: what a run is pinned to."""
        return hashlib.sha256(f"{self.language}\n{self.text}".encode()).hexdigest()


def program_source(text: str) -> ProgramSource:
    """Return the source with its language told from how it begins."""
    is_javascript = _JAVASCRIPT.match(text.lstrip()) is not None
    return ProgramSource("javascript" if is_javascript else "python", text)

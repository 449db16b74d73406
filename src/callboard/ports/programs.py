"""Programs: the code that definitions bring along (`handleSteps`, and files that compute definitions).

It is hostile until proven otherwise and never runs in this process. An adapter confines it: no files, no
network, no environment, bounded time and memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from pydantic import JsonValue

from callboard.domain.definition.program import ProgramSource
from callboard.domain.message import JsonObject

FaultReason = Literal["error", "time", "memory", "too_large", "protocol"]


class ProgramFault(Exception):
    """A program failed. `reason`: `error` (it raised, or does not compile; the message is its own), `time`,
    `memory`, `too_large` (a frame beyond the limit), `protocol` (its worker sent something else than a
    frame, or died). The message is fit for people and for a log.
    """

    def __init__(self, message: str, *, reason: FaultReason = "error") -> None:
        super().__init__(message)
        self.reason: FaultReason = reason


@dataclass(frozen=True, slots=True)
class LogLine:
    """One call of the program's `logger`; `data` is what was logged, `message` the text beside it."""

    level: Literal["debug", "info", "warn", "error"]
    data: JsonValue
    message: str = ""


@dataclass(frozen=True, slots=True)
class Advanced:
    """Where a program stopped: at a yield (`value` is what it yielded, any JSON, unchecked), or at its end
    (`done`, `value` is what it returned).
    """

    done: bool
    value: JsonValue
    logs: tuple[LogLine, ...] = ()


class Program(Protocol):
    """One generator, started and waiting to be advanced."""

    async def advance(self, resume: JsonObject | None, *, now: datetime) -> Advanced:
        """Run to the next yield or the end.

        `resume` is what the yield before returns (None: the first advance). The program's own clock shows
        `now` throughout, so that the same resumes at the same times give the same yields.

        Raises:
            ProgramFault: it failed; it cannot be advanced again.
        """
        ...

    async def close(self) -> None:
        """Let go of it, whatever it is doing. Idempotent."""
        ...


class Programs(Protocol):
    """Starts programs."""

    async def start(self, source: ProgramSource, context: JsonObject, *, seed: str) -> Program:
        """Load a program and call its generator function with `context`; nothing of it has run past its
        first yield.

        `context` has `agentState`, `prompt`, `params` and `model`; the adapter adds `logger`. `seed` decides
        everything that is random to the program.

        Raises:
            ProgramFault: it does not load.
            SandboxUnavailable: nothing here can confine it, and nobody opted out.
        """
        ...

    async def close(self) -> None:
        """End all programs. Idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a file comes to: its raw definitions (plain JSON, functions as their source texts), none for a
    helper module, or the `problem` that it has.
    """

    definitions: tuple[JsonValue, ...] = ()
    problem: str = ""


class Evaluator(Protocol):
    """Evaluates definition files that are programs (`.py`, `.ts`, `.js`), confined as programs are."""

    def evaluate(
        self, files: Mapping[str, str], entries: tuple[str, ...]
    ) -> Mapping[str, Evaluated]:
        """Return what each of `entries` comes to. Blocks; one file's fault is not another's.

        `files` are all texts of the folder by relative path (with slashes): nothing else can be imported
        or read.

        Raises:
            SandboxUnavailable: nothing here can confine it, and nobody opted out; says how to.
        """
        ...


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """Bounds of one program; times are in seconds of wall time."""

    load_s: float = 3.0
    step_s: float = 1.0
    memory: int = 128 << 20
    frame: int = 16 << 20
    log_lines: int = field(default=100)

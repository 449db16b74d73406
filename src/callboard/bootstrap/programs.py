"""Definitions that are programs: evaluated and run in confinement, started when one is met."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from collections.abc import Mapping
from typing import TYPE_CHECKING

from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.domain.definition.program import ProgramSource
    from callboard.domain.message import JsonObject
    from callboard.ports.programs import Evaluated, Program, Programs


class EvaluatorOnDemand:
    """`callboard.ports.programs.Evaluator` that is made when a file is a program: most are not."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def evaluate(
        self, files: Mapping[str, str], entries: tuple[str, ...]
    ) -> "Mapping[str, Evaluated]":
        """See `ports.programs.Evaluator`."""
        from callboard.sandbox.programs.evaluator import ConfinedEvaluator

        return ConfinedEvaluator(mode=self._settings.sandbox).evaluate(files, entries)


class ProgramsOnDemand:
    """`callboard.ports.programs.Programs` whose workers are started when a program is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._programs: Programs | None = None

    async def start(
        self, source: "ProgramSource", context: "JsonObject", *, seed: str
    ) -> "Program":
        """See `ports.programs.Programs`."""
        if self._programs is None:
            from callboard.sandbox.programs.pool import ConfinedPrograms

            self._programs = ConfinedPrograms(mode=self._settings.sandbox)
        return await self._programs.start(source, context, seed=seed)

    async def close(self) -> None:
        """Close what was made. Idempotent."""
        if self._programs is not None:
            await self._programs.close()

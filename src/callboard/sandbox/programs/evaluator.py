"""`ports.programs.Evaluator`: each definition file in a worker of its own."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, cast

from pydantic import JsonValue

from callboard.ports.programs import Evaluated, ProgramFault, ProgramLimits
from callboard.sandbox.commands.confinement import Mode
from callboard.sandbox.programs.confinement import boundary
from callboard.sandbox.programs.talk import ask_blocking
from callboard.sandbox.programs.zygote import Zygote

_AT_ONCE: Final = 4


class ConfinedEvaluator:
    """See `ports.programs.Evaluator`. Everything that it starts has ended when `evaluate` returns.

    Args:
        mode: see `pool.ConfinedPrograms`.
        limits: of each file; its time is that of loading.
    """

    def __init__(self, *, mode: Mode = "required", limits: ProgramLimits | None = None) -> None:
        self._mode: Mode = mode
        self._limits = limits or ProgramLimits()

    def evaluate(
        self, files: Mapping[str, str], entries: tuple[str, ...]
    ) -> Mapping[str, Evaluated]:
        """See `ports.programs.Evaluator`."""
        if not entries:
            return {}
        typescript = any(not entry.endswith(".py") for entry in entries)
        zygote = Zygote(boundary(self._mode, self._limits, typescript=typescript))
        texts: dict[str, JsonValue] = dict(files)
        try:
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                found = threads.map(partial(self._one, zygote, texts), entries)
                return dict(zip(entries, found, strict=True))
        finally:
            zygote.close()

    def _one(self, zygote: Zygote, files: dict[str, JsonValue], entry: str) -> Evaluated:
        if entry not in files:
            return Evaluated(problem="there is no such file")
        leash = zygote.worker()
        try:
            members = ask_blocking(
                leash,
                {"op": "evaluate", "files": files, "entry": entry},
                within_s=self._limits.load_s,
                longest=self._limits.frame,
            )
        except ProgramFault as fault:
            return Evaluated(problem=str(fault))
        finally:
            leash.release()
        definitions = members.get("definitions")
        if members.keys() != {"definitions"} or not isinstance(definitions, list):
            return Evaluated(problem="its worker sent an answer of another shape")
        return Evaluated(definitions=tuple(cast("list[JsonValue]", definitions)))

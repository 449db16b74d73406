"""Programs without confinement, for tests of the engine: Python text, run in this process.

Never give it anything that is not your own: nothing here keeps it from doing harm.
"""

import json
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any, cast

from callboard.domain.definition.program import ProgramSource
from callboard.domain.message import JsonObject
from callboard.ports.programs import Advanced, ProgramFault


class TrustedProgram:
    """See `ports.programs.Program`. The generator gets plain dicts with the language's camelCase keys."""

    def __init__(self, generator: Generator[object, object, object]) -> None:
        self._generator = generator
        self._begun = False

    async def advance(self, resume: JsonObject | None, *, now: datetime) -> Advanced:
        """See `ports.programs.Program`."""
        del now
        try:
            value = self._generator.send(resume if self._begun else None)
        except StopIteration as end:
            return Advanced(done=True, value=_plain(end.value))
        except Exception as error:  # noqa: BLE001 - whatever it raises is its fault
            raise ProgramFault(f"{type(error).__name__}: {error}") from None
        self._begun = True
        return Advanced(done=False, value=_plain(value))

    async def close(self) -> None:
        """See `ports.programs.Program`."""
        self._generator.close()


class TrustedPrograms:
    """See `ports.programs.Programs`. A text may use the name `STARTS`, how many were started so far: the one
    way to be other than before.
    """

    def __init__(self) -> None:
        self.started = 0

    async def start(
        self, source: ProgramSource, context: JsonObject, *, seed: str
    ) -> TrustedProgram:
        """See `ports.programs.Programs`."""
        del seed
        self.started += 1
        module: dict[str, Any] = {"STARTS": self.started}
        try:
            exec(source.text, module)  # noqa: S102 - a test's own text
        except Exception as error:  # noqa: BLE001 - whatever it raises is its fault
            raise ProgramFault(f"{type(error).__name__}: {error}") from None
        steps = cast(
            "Callable[[JsonObject], Generator[object, object, object]]", module["handle_steps"]
        )
        return TrustedProgram(steps(context))

    async def close(self) -> None:
        """Nothing is left behind."""


def _plain(value: object) -> Any:
    return json.loads(json.dumps(value))

"""Whether this process can do its part now: what probes ask, again and again."""

import asyncio
from collections.abc import Sequence
from typing import Final

from callboard.domain.errors import CallboardError
from callboard.ports.examination import Finding
from callboard.usecases.app import App
from callboard.usecases.rounds import Hand

_PATIENCE_S: Final = 5.0


async def readiness(app: App, hand: Hand | None) -> Sequence[Finding]:
    """Return what this process needs, and whether it is there: the database in a schema that it can work with, and
    whoever works here (None: nobody shall). Nothing secret is said.
    """
    found = [await _database(app)]
    if hand is not None:
        said = "looks for work" if hand.is_at_work else "does not look for work"
        found.append(Finding("worker", said, held=hand.is_at_work, way_out="Restart this process."))
    return found


async def _database(app: App) -> Finding:
    way_out = "See `callboard doctor`."
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await app.operations.check()
    except TimeoutError:
        said = f"did not answer within {_PATIENCE_S:.0f} s"
        return Finding("database", said, held=False, way_out=way_out)
    except CallboardError as error:
        return Finding("database", f"cannot be used: {error.code}", held=False, way_out=way_out)
    return Finding("database", "answers", held=True)

"""The topic of the list of runs: that one of them began, went on or ended. Which, each page asks for itself: not everybody
sees every run.
"""

from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import Principal
from callboard.ports.threads import Arrivals
from callboard.usecases.app import App, seen_spaces
from callboard.web.live.topic import Batch, Op


class RunsTopic:
    """How far all logs are, together."""

    every_s = 2.0

    def __init__(self) -> None:
        self._seq = 0

    async def begin(self, app: App) -> None:
        """See `Topic`."""
        self._seq = await runs_position(app)

    async def may(self, app: App, who: Principal) -> bool:
        """See `Topic`."""
        del app
        try:
            seen_spaces(who, "run.read")
        except CallboardError:
            return False
        return True

    def concerns(self, arrivals: Arrivals) -> bool:
        """See `Topic`."""
        return bool(arrivals.threads)

    async def since(self, app: App, cursor: int) -> Batch | None:
        """See `Topic`."""
        del app
        return self._batch() if cursor < self._seq else None

    async def advance(self, app: App) -> Batch | None:
        """See `Topic`."""
        before, self._seq = self._seq, await runs_position(app)
        return None if before == self._seq else self._batch()

    def _batch(self) -> Batch:
        return Batch(self._seq, [Op(k="runs", n=self._seq)])


async def runs_position(app: App) -> int:
    """Return where the list of runs stands: it grows with every event."""
    return (await app.threads.arrived(None)).head

"""The topic of the roster: that somebody in it does something else now. Who, each page asks for itself: not everybody
sees everybody.
"""

from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import SYSTEM, Principal
from callboard.ports.threads import Arrivals
from callboard.usecases.app import App
from callboard.usecases.at_work import agents_at_work
from callboard.usecases.roster_reading import require_reading
from callboard.web.live.topic import Batch, Op

Standing = tuple[str, str, int, int, int | None, int]


class AgentsTopic:
    """How the agents stand: their states, and how many of their runs are under way and wait."""

    every_s = 5.0

    def __init__(self) -> None:
        self._standing: frozenset[Standing] = frozenset()
        self._seq = 0

    async def begin(self, app: App) -> None:
        """See `Topic`."""
        self._standing = await self._look(app)

    async def may(self, app: App, who: Principal) -> bool:
        """See `Topic`."""
        del app
        try:
            require_reading(who)
        except CallboardError:
            return False
        return True

    def concerns(self, arrivals: Arrivals) -> bool:
        """See `Topic`: agents are paused and promoted without an event too."""
        del arrivals
        return True

    async def since(self, app: App, cursor: int) -> Batch | None:
        """See `Topic`."""
        del app
        return Batch(self._seq, self._ops()) if cursor < self._seq else None

    async def advance(self, app: App) -> Batch | None:
        """See `Topic`."""
        before, self._standing = self._standing, await self._look(app)
        if before == self._standing:
            return None
        self._seq += 1
        return Batch(self._seq, self._ops())

    def _ops(self) -> list[Op]:
        return [Op(k="agents", n=self._seq)]

    async def _look(self, app: App) -> frozenset[Standing]:
        found = await agents_at_work(app, SYSTEM)
        return frozenset(
            (
                one.listed.agent.id,
                one.availability,
                one.under_way,
                one.waiting,
                one.listed.agent.live,
                one.listed.agent.latest,
            )
            for one in found
        )

"""The topic of one person: how much waits for them, and how many agents work in what they see."""

from callboard.domain.org.principal import Principal
from callboard.entrance.asking import Asker
from callboard.ports.threads import Arrivals
from callboard.usecases.app import App
from callboard.web.glance import Glances
from callboard.web.live.topic import Batch, Op


class CountersTopic:
    """What the navigation tells, kept up to date. It rests between looks: it is small news."""

    every_s = 3.0

    def __init__(self, asker: Asker, glances: Glances) -> None:
        self._asker = asker
        self._glances = glances
        self._told: tuple[int, int] = (0, 0)
        self._seq = 0

    async def begin(self, app: App) -> None:
        """See `Topic`."""
        self._told = await self._look(app)

    async def may(self, app: App, who: Principal) -> bool:
        """See `Topic`: it is always the asker's own."""
        del app
        return who.actor == self._asker.who.actor

    def concerns(self, arrivals: Arrivals) -> bool:
        """See `Topic`: whoever's run goes on may come to wait for somebody."""
        return bool(arrivals.threads)

    async def since(self, app: App, cursor: int) -> Batch | None:
        """See `Topic`."""
        del app, cursor
        return self._batch()

    async def advance(self, app: App) -> Batch | None:
        """See `Topic`."""
        before, self._told = self._told, await self._look(app)
        if before == self._told:
            return None
        self._seq += 1
        return self._batch()

    async def _look(self, app: App) -> tuple[int, int]:
        self._glances.forget(self._asker)
        glance = await self._glances.of(app, self._asker)
        return glance.waiting, glance.working

    def _batch(self) -> Batch:
        waiting, working = self._told
        return Batch(self._seq, [Op(k="waiting", n=waiting), Op(k="working", n=working)])

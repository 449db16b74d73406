"""The topic of a task that has not begun: told when it has, so that its page becomes a thread."""

from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import Principal
from callboard.domain.org.task import TASKS
from callboard.ports.threads import Arrivals
from callboard.usecases.app import App
from callboard.usecases.tasks import require_task
from callboard.web.live.topic import Batch, Op


class BeginningTopic:
    """One task's state and run, until it is another one."""

    every_s = 0.5

    def __init__(self, key: str) -> None:
        self._key = key
        self._told = ""
        self._seq = 0

    async def begin(self, app: App) -> None:
        """See `Topic`."""
        self._told = await self._look(app)

    async def may(self, app: App, who: Principal) -> bool:
        """See `Topic`."""
        try:
            await require_task(app, who, "task.read", self._key)
        except CallboardError:
            return False
        return True

    def concerns(self, arrivals: Arrivals) -> bool:
        """See `Topic`: a task is a record, which changes without an event."""
        del arrivals
        return True

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

    async def _look(self, app: App) -> str:
        """Return the task's state, and its run where that is in the log."""
        kept = await app.records.get(TASKS, self._key)
        run_id = None if kept is None else kept.value.run_id
        row = None if run_id is None else await app.ports.store.row(run_id)
        return f"{'' if kept is None else kept.value.state} {'' if row is None else row.run_id}"

    def _batch(self) -> Batch:
        return Batch(self._seq, [Op(k="stand", h=self._told)])

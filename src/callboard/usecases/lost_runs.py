"""Runs of no task whose process died: a worker goes on with them where that can be done as it was begun.

A run in somebody's own directory goes on in that directory only, on its own machine; what its process let go of on
purpose (a person interrupted it, a fork was never resumed) is theirs to resume.
"""

import logging

from callboard.domain.errors import (
    CallboardError,
    Fenced,
    NoRoom,
    RunBusy,
    StoreUnavailable,
)
from callboard.domain.run_row import RunRow
from callboard.runtime.driver import Driver
from callboard.runtime.reading import load
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App
from callboard.usecases.as_begun import app_of
from callboard.usecases.patience import Patience
from callboard.usecases.run_origins import drive_noted, hand_on, handed_on
from callboard.usecases.runs import require_models

_log = logging.getLogger(__name__)
_AGAIN_S = 1.0


class LostRuns:
    """Finds them and drives them, each with the definitions that it was begun with."""

    def __init__(self, app: App, patience: Patience) -> None:
        self._app = app
        self._patience = patience
        self._drivers: set[Driver] = set()

    async def found(self) -> list[RunRow]:
        """Return those that workers may go on with, the oldest first."""
        lost = await self._app.unattended.lost(self._app.ports.clock.now())
        left: frozenset[str] = frozenset()
        if any(not one.died for one in lost):
            left = await handed_on(self._app)
        return [one.row for one in lost if one.died or one.row.run_id in left]

    async def advance(self, run_id: str) -> None:
        """Drive one of them as far as it goes now. One that is none of them, or cannot go on here, is left alone.

        Raises:
            StoreUnavailable: the database is away; the run is as it was recorded.
        """
        if all(row.run_id != run_id for row in await self.found()):
            return
        try:
            await self._drive(run_id)
        except NoRoom:
            self._patience.hold(run_id, _AGAIN_S)
        except (RunBusy, Fenced):
            pass  # another process drives it
        except StoreUnavailable:
            raise
        except CallboardError as error:
            if self._patience.failed(run_id):
                by_hand = f"`callboard runs resume {run_id}` goes on with it where that can be done"
                _log.warning("run %s is left as it is: %s; %s", run_id, error, by_hand)
        else:
            self._patience.went_on(run_id)

    def drain(self) -> None:
        """Let all stop before their next step, for another worker."""
        for driver in self._drivers:
            driver.draining = True

    async def _drive(self, run_id: str) -> None:
        entries = await load(self._app.ports.store, run_id)
        async with app_of(self._app, run_id, fold_any(entries)) as app:
            app.driver.draining = self._app.driver.draining
            self._drivers.add(app.driver)
            try:
                await require_models(app, entries)
                await hand_on(app, run_id)  # should this process end in order, it is any worker's
                await drive_noted(app, run_id)
            finally:
                self._drivers.discard(app.driver)

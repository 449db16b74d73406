"""What the navigation tells on every page: how much waits for somebody, and how many agents work."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from callboard.domain.org.people import PEOPLE
from callboard.entrance.asking import Asker
from callboard.ports.event_store import RunsWanted
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.inbox import list_inbox
from callboard.usecases.runs import list_runs

_FRESH: Final = timedelta(seconds=2)
_MOST: Final = 2000
_COUNTED: Final = 200


@dataclass(frozen=True, slots=True)
class Glance:
    """What somebody's navigation shows."""

    name: str = ""
    waiting: int = 0
    working: int = 0
    at: datetime | None = None


@dataclass(slots=True)
class Glances:
    """The glances of the last moments, by account: pages come in bursts, and the number may be two seconds old."""

    kept: dict[str, Glance] = field(default_factory=dict[str, Glance])

    async def of(self, app: App, asker: Asker) -> Glance:
        """Return what somebody's navigation shows now."""
        now = app.ports.clock.now()
        found = self.kept.get(asker.account)
        if found is not None and found.at is not None and now - found.at < _FRESH:
            return found
        if len(self.kept) >= _MOST:
            self.kept.clear()
        fresh = Glance(
            await _name(app, asker), await _waiting(app, asker), await _working(app, asker), now
        )
        self.kept[asker.account] = fresh
        return fresh

    def forget(self, asker: Asker) -> None:
        """Look anew the next time: they did something."""
        self.kept.pop(asker.account, None)


async def _name(app: App, asker: Asker) -> str:
    if asker.who.actor.kind != "person":
        return asker.who.actor.name
    kept = await app.records.get(PEOPLE, asker.who.actor.name)
    return asker.who.actor.name if kept is None else kept.value.name


async def _waiting(app: App, asker: Asker) -> int:
    try:
        return len(await list_inbox(app, asker.who))
    except NotAllowed:
        return 0


async def _working(app: App, asker: Asker) -> int:
    """Return how many agents work: runs without those that only hold other runs together."""
    wanted = RunsWanted(root_only=False, statuses=("running",), limit=_COUNTED)
    try:
        found = await list_runs(app, asker.who, wanted)
    except NotAllowed:
        return 0
    return sum(row.kind == "agent" for row in found)

"""The topic of a board: the cards of a space's tasks, whoever moves them."""

from collections.abc import Callable
from typing import Final

from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import SYSTEM, Principal
from callboard.ports.records import AuditWanted
from callboard.ports.threads import Arrivals
from callboard.usecases.app import App
from callboard.usecases.board import TasksWanted, TaskView, list_tasks
from callboard.usecases.spaces import require_space
from callboard.web.live.topic import Batch, Op

Card = tuple[str, str]
"""The column that a card stands in, and its markup."""
ShowCard = Callable[[TaskView], Card]
MOST_CARDS: Final = 2_000


async def board_position(app: App) -> int:
    """Return where boards stand: it grows with every event and every change of a record."""
    newest = await app.records.audit(AuditWanted(limit=1))
    head = (await app.threads.arrived(None)).head
    return head + (newest[0].position if newest else 0)


class BoardTopic:
    """The cards of one space, told where they became others."""

    every_s = 1.0

    def __init__(self, space: str, show: ShowCard) -> None:
        self._space = space
        self._show = show
        self._cards: dict[str, Card] = {}
        self._seq = 0
        self._changed_at: dict[str, int] = {}
        self._began_at = 0

    async def begin(self, app: App) -> None:
        """See `Topic`."""
        self._seq = self._began_at = await board_position(app)
        self._cards = await self._look(app)

    async def may(self, app: App, who: Principal) -> bool:
        """See `Topic`."""
        try:
            await require_space(app, who, "task.read", self._space)
        except CallboardError:
            return False
        return True

    def concerns(self, arrivals: Arrivals) -> bool:
        """See `Topic`: tasks change without an event too, so every look is one at them."""
        del arrivals
        return True

    async def since(self, app: App, cursor: int) -> Batch | None:
        """See `Topic`. What changed before anybody watched is not known here: the page is read anew."""
        del app
        if cursor >= self._seq:
            return None
        if cursor < self._began_at:
            return Batch(self._seq, reset=True)
        changed = [key for key, at in self._changed_at.items() if at > cursor]
        return Batch(self._seq, [self._op(key) for key in changed])

    async def advance(self, app: App) -> Batch | None:
        """See `Topic`."""
        at = await board_position(app)
        if at == self._seq:
            return None
        before, self._cards = self._cards, await self._look(app)
        self._seq = at
        keys = [key for key in {**before, **self._cards} if before.get(key) != self._cards.get(key)]
        self._changed_at |= dict.fromkeys(keys, at)
        return Batch(at, [self._op(key) for key in keys]) if keys else None

    async def _look(self, app: App) -> dict[str, Card]:
        # the fragments are the same for all who watch; whether they may is asked for each of them
        views = await list_tasks(app, SYSTEM, TasksWanted(space=self._space, limit=MOST_CARDS))
        cards = {view.task.key: self._show(view) for view in views}
        return {
            key: card for key, card in cards.items() if card[0]
        }  # the others stand in no column

    def _op(self, key: str) -> Op:
        card = self._cards.get(key)
        return Op(k=key, x=1) if card is None else Op(k=key, h=card[1], c=card[0])

"""The topic of a board: the cards of a space's tasks, whoever moves them, and how many stand in each column."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import SYSTEM, Principal
from callboard.ports.records import AuditWanted
from callboard.ports.threads import Arrivals
from callboard.usecases.app import App
from callboard.usecases.board import TasksWanted, TaskView
from callboard.usecases.board_columns import look_at_board
from callboard.usecases.spaces import require_space
from callboard.web.live.topic import Batch, Op

ShowCard = Callable[[TaskView], str]
"""How a task looks as a card: markup."""
_COLUMN = "#"
"""What the name of a column begins with; no key of a task does."""


class _Card(NamedTuple):
    column: str
    markup: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """The board as a page shows it: its cards in the order of each column, and how many each column has."""

    cards: dict[str, _Card] = field(default_factory=dict[str, _Card])
    totals: dict[str, int] = field(default_factory=dict[str, int])

    def ops(self, names: Collection[str]) -> list[Op]:
        """Return how cards and columns stand now: each card after the one before which it stands."""
        gone = [
            Op(k=name, x=1) for name in names if name not in self.cards and name not in self.totals
        ]
        cards: list[Op] = []
        below: dict[str, str] = {}
        for name, card in reversed(self.cards.items()):
            if name in names:
                before = below.get(card.column, "")
                cards.append(Op(k=name, h=card.markup, c=card.column, b=before))
            below[card.column] = name
        return gone + cards + [Op(k=name, n=n) for name, n in self.totals.items() if name in names]


async def board_position(app: App) -> int:
    """Return where boards stand: it grows with every event and every change of a record."""
    newest = await app.records.audit(AuditWanted(limit=1))
    head = (await app.threads.arrived(None)).head
    return head + (newest[0].position if newest else 0)


class BoardTopic:
    """The board of one space, told where it became another one."""

    every_s = 1.0

    def __init__(self, space: str, show: ShowCard) -> None:
        self._space = space
        self._show = show
        self._shown = _Shown()
        self._seq = 0
        self._changed_at: dict[str, int] = {}
        self._began_at = 0

    async def begin(self, app: App) -> None:
        """See `Topic`."""
        self._seq = self._began_at = await board_position(app)
        self._shown = await self._look(app)

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
        changed = {name for name, at in self._changed_at.items() if at > cursor}
        return Batch(self._seq, self._shown.ops(changed))

    async def advance(self, app: App) -> Batch | None:
        """See `Topic`. A board that has other columns is read anew."""
        at = await board_position(app)
        if at == self._seq:
            return None
        before, self._shown = self._shown, await self._look(app)
        self._seq = at
        if list(before.totals) != list(self._shown.totals):
            self._began_at, self._changed_at = at, {}
            return Batch(at, reset=True)
        names = _differing(before.cards, self._shown.cards)
        names |= _differing(before.totals, self._shown.totals)
        self._changed_at |= dict.fromkeys(names, at)
        return Batch(at, self._shown.ops(names)) if names else None

    async def _look(self, app: App) -> _Shown:
        # the fragments are the same for all who watch; whether they may is asked for each of them
        board = await look_at_board(app, SYSTEM, TasksWanted(space=self._space))
        cards = {
            view.task.key: _Card(column.id, self._show(view))
            for column in board.columns
            for view in column.views
        }
        totals = {f"{_COLUMN}{column.id}": column.total for column in board.columns}
        return _Shown(cards, totals)


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}

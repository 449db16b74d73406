"""The first page: what waits, what does not move, what was spent, what was done lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from callboard.engine.inbox import Entry
from callboard.usecases.board import TaskView
from callboard.usecases.home import Home, SpaceSpending, look_home
from callboard.web.cards import state_of
from callboard.web.form_routes import FormRoute
from callboard.web.page import Page
from callboard.web.render import words
from callboard.web.visit import At

router = APIRouter(route_class=FormRoute)
_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class HomePage(Page):
    """The first page of somebody."""

    template = "home.html"
    section = "home"
    home: Home
    space: str

    @property
    def title(self) -> str:
        """The heading."""
        return "Home"

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing to show yet."""
        home = self.home
        return not any((home.waiting, home.working, home.blocked, home.stale, home.recent))

    @property
    def waiting(self) -> Sequence[Entry]:
        """The first of what waits for them."""
        return self.home.waiting[:_SHOWN]

    @property
    def working(self) -> Sequence[TaskView]:
        """The first of what agents work on."""
        return self.home.working[:_SHOWN]

    @property
    def stuck(self) -> Sequence[TaskView]:
        """What does not move: stale first, then blocked."""
        return (*self.home.stale, *self.home.blocked)[:_SHOWN]

    def state(self, view: TaskView) -> tuple[str, str]:
        """Return a task's state word's class and the word."""
        return state_of(view)

    def href(self, entry: Entry) -> str:
        """Return where an entry is dealt with."""
        return f"/inbox#entry-{entry.key}"

    def month(self, line: SpaceSpending) -> str:
        """Return what was spent this month."""
        return words.bill(line.month)

    def left(self, line: SpaceSpending) -> str:
        """Return how a space stands against its budget, in words."""
        if line.limit_usd is None or line.spent_usd is None:
            return "no budget"
        return f"{words.usd(line.spent_usd)} of {words.usd(line.limit_usd)} spent altogether"

    def share(self, line: SpaceSpending) -> tuple[str, bool]:
        """Return how much of a budget is spent, from 0 to 1, and whether that is nearly all."""
        if not line.limit_usd or line.spent_usd is None:
            return "0", False
        share = min(line.spent_usd / line.limit_usd, Decimal(1))
        return f"{share:.3f}", share >= Decimal("0.9")


@router.get("/")
async def home(at: At) -> Response:
    """Show the first page."""
    space = await at.space()
    found = await look_home(at.app, at.who, space or None)
    return await at.show(HomePage(found, space))

"""Two runs side by side."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from callboard.domain.errors import UnknownThing
from callboard.usecases.compare import Comparison, Side, compare_runs
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.page import Page
from callboard.web.render import invisible, words
from callboard.web.render.changes import files_of
from callboard.web.render.diff import diff
from callboard.web.thread_page import STATES
from callboard.web.thread_rows import Ways, row_markup
from callboard.web.visit import At

router = APIRouter(route_class=FormRoute)
_MOST: Final = 400
_ROWS: Final = 150


@dataclass(frozen=True, slots=True)
class ComparePage(Page):
    """What two runs have in common, where they part, and what came of each."""

    template = "compare.html"
    section = "runs"
    comparison: Comparison | None
    a: str
    b: str
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Compare two runs"

    @property
    def sides(self) -> list[Side]:
        """Both, the left one first."""
        found = self.comparison
        return [] if found is None else [found.left, found.right]

    def state(self, side: Side) -> tuple[str, str]:
        """Return a side's state word's class and the word."""
        return STATES[side.row.status]

    def cost(self, side: Side) -> str:
        """Return what a side cost."""
        return Ways.bill(side.row.bill)

    def took(self, side: Side) -> str:
        """Return how long a side took."""
        row = side.row
        return words.span(((row.ended_at or row.updated_at) - row.created_at).total_seconds())

    def tokens(self, side: Side) -> str:
        """Return how many tokens a side read and wrote."""
        return words.tokens(side.row.usage.input_tokens, side.row.usage.output_tokens)

    def rest(self, side: Side) -> list[Markup]:
        """Return what a side did from where they part, as rows."""
        name = "a" if self.comparison is not None and side is self.comparison.left else "b"
        rows = (replace(row, key=f"{name}{row.seq}") for row in side.rest[:_ROWS])
        return [row_markup(row) for row in rows]

    def hidden(self, side: Side) -> int:
        """Return how many rows of a side are left out."""
        return max(len(side.rest) - _ROWS, 0)

    def own(self, side: Side, count: int) -> str:
        """Return how often an agent did something; a workflow does nothing itself."""
        return str(count) if side.row.kind == "agent" else words.NOTHING

    @property
    def cheaper(self) -> str:
        """Which one was cheaper, in words; empty where that is not known."""
        found = self.comparison
        costs = [] if found is None else [side.row.bill.total_usd for side in self.sides]
        known = [cost for cost in costs if cost is not None]
        if len(known) < 2 or known[0] == known[1]:
            return ""
        name = "The right one" if known[1] < known[0] else "The left one"
        return f"{name} was cheaper by {words.usd(abs(Decimal(known[0] - known[1])))}."

    @property
    def lines(self) -> list[tuple[str, Markup]]:
        """What was different from where they part: `less` only on the left, `more-of` only on the right."""
        lines = () if self.comparison is None else self.comparison.lines
        kinds = {"-": "less", "+": "more-of"}
        return [
            (kinds.get(line[0], ""), invisible.one_line(line[2:], 240)) for line in lines[:_MOST]
        ]

    @property
    def left_out(self) -> int:
        """How many lines are not shown."""
        return max(0 if self.comparison is None else len(self.comparison.lines) - _MOST, 0)

    def changed(self, side: Side, path: str) -> Markup:
        """Return what a side made of a file."""
        text = side.files.get(path, "")
        return diff(files_of(f"diff --git {text}"), limit=200) if text else Markup()


@router.get("/compare")
async def compare(at: At) -> Response:
    """Compare two runs."""
    a, b = at.query("a").strip(), at.query("b").strip()
    if not a or not b:
        return await at.show(ComparePage(None, a, b))
    try:
        found = await compare_runs(at.app, at.who, a, b)
    except UnknownThing as error:
        return await at.show(ComparePage(None, a, b, said_of(error)), 404)
    return await at.show(ComparePage(found, a, b))

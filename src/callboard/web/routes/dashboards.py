"""Performance and cost of all agents: over time, by what somebody asks, down to the runs, as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from callboard.domain.errors import UnknownThing
from callboard.engine.performance import AXES, Axis, Comparison, Performance
from callboard.usecases.dashboards import Dashboard, Question, dashboard
from callboard.usecases.performance import compare_versions
from callboard.web.agent_pages import Tile
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.numbers import RANGES, charts_of, error_tile, spend_tile, tiles_of
from callboard.web.page import Page
from callboard.web.render.charts.legend import figure
from callboard.web.render.words import NOTHING, percent, span, tokens, usd
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)
_WORDS: Final[dict[Axis, str]] = {
    "agent": "Agent",
    "version": "Version",
    "model": "Model",
    "step": "Step",
    "space": "Space",
}
_MOST_RUNS: Final = 100
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of the table: what it is of, its numbers in words, and the way to the runs behind it."""

    names: Sequence[str]
    attempts: str
    tasks: str
    accepted: str
    between: str
    cost: str
    spend: str
    errors: str
    cycle: str
    tokens: str
    few: bool
    href: str


@dataclass(frozen=True, slots=True)
class DashboardPage(Page):
    """Numbers of a time."""

    template = "dashboards.html"
    section = "dashboards"
    question: Question
    ranges: Sequence[tuple[str, str, str]]
    by: Sequence[tuple[str, str, str]]
    then: Sequence[tuple[str, str]]
    chosen_then: str
    tiles: Sequence[Tile]
    charts: Sequence[Markup]
    heads: Sequence[str]
    rows: Sequence[LineRow]
    few: bool
    csv: str
    runs: Sequence[str] | None
    runs_of: str
    versions: Sequence[tuple[str, str]]
    comparison: Comparison | None
    compared: tuple[str, str]
    wrong: str

    @property
    def title(self) -> str:
        """The heading."""
        return "Dashboards"

    @property
    def range_words(self) -> str:
        """How far back it looks."""
        return f"{self.question.days} d"

    @property
    def by_words(self) -> str:
        """By what its lines are told apart."""
        return self.heads[0]


@router.get("/dashboards")
async def dashboards(at: At) -> Response:
    """Show performance and cost."""
    question = await _question(at)
    found = await dashboard(at.app, at.who, question)
    comparison, wrong = await _comparison(at, question)
    key = at.query("key")
    runs = next((line.run_ids for line in found.lines if "|".join(line.key) == key), None)
    rows = [_row(question, line, found.names) for line in found.lines]
    first, second = question.axes[0], question.axes[1] if len(question.axes) > 1 else ""
    versions = [(key.partition("@")[2], name) for key, name in found.names.items()]
    page = DashboardPage(
        question,
        [(_address(question, range=str(one)), f"{one} d", "") for one in RANGES],
        [(_address(question, by=axis, then=""), words, "") for axis, words in _WORDS.items()],
        [
            ("", "nothing more"),
            *((axis, words) for axis, words in _WORDS.items() if axis != first),
        ],
        second,
        _tiles(found),
        [figure(one) for one in charts_of(found)],
        [_WORDS[axis] for axis in question.axes],
        rows,
        any(row.few for row in rows),
        _address(question, path="/dashboards.csv"),
        None if runs is None else runs[-_MOST_RUNS:][::-1],
        key,
        versions if question.agent else (),
        comparison,
        (at.query("a"), at.query("b")),
        wrong,
    )
    return await at.show(page)


@router.get("/dashboards.csv")
async def as_csv(at: At) -> Response:
    """Hand out the table as CSV. Names that a spreadsheet would compute are marked as text."""
    question = await _question(at)
    found = await dashboard(at.app, at.who, question)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*question.axes, *_COLUMNS])
    for line in found.lines:
        names = [found.names.get(name, name) for name in line.key]
        writer.writerow([*map(_as_text, names), *_numbers(line)])
    headers = {
        "Content-Disposition": f'attachment; filename="callboard-{question.days}-days.csv"',
        "Cache-Control": "private, no-store",
    }
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


_COLUMNS: Final = (
    *(
        "attempts",
        "settled",
        "accepted",
        "tasks",
        "acceptance",
        "acceptance_low",
        "acceptance_high",
    ),
    *(
        "error_rate",
        "rejection_rate",
        "cost_usd",
        "cost_per_accepted_usd",
        "rework_usd",
        "unknown_cost",
    ),
    *("median_s", "p90_s", "input_tokens", "output_tokens"),
)


def _numbers(line: Performance) -> list[object]:
    rate = line.acceptance
    return [
        *(line.attempts, line.settled, line.accepted, line.tasks),
        *((rate.value, rate.low, rate.high) if rate else ("", "", "")),
        *(line.error_rate, line.rejection_rate),
        *map(_amount, (line.cost_usd, line.per_accepted_usd, line.rework_usd)),
        *(line.unknown_cost, line.median_s, line.p90_s),
        *(line.input_tokens, line.output_tokens),
    ]


def _amount(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _as_text(name: str) -> str:
    return f"'{name}" if name.startswith(_RISKY) else name


async def _question(at: Visit) -> Question:
    days = at.query("range")
    by, then = at.query("by", "agent"), at.query("then")
    first = by if by in AXES else "agent"
    axes: tuple[Axis, ...] = (first,)
    if then in AXES and then != first:
        axes = (first, then)
    return Question(
        axes,
        int(days) if days.isdecimal() and int(days) in RANGES else 30,
        await at.space() or None,
        at.query("agent") or None,
    )


def _address(question: Question, *, path: str = "/dashboards", **changed: str) -> str:
    asked = {
        "range": str(question.days),
        "by": question.axes[0],
        "then": question.axes[1] if len(question.axes) > 1 else "",
        "agent": question.agent or "",
        "space": question.space or "",
    }
    return (
        f"{path}?{urlencode({name: value for name, value in (asked | changed).items() if value})}"
    )


async def _comparison(at: Visit, question: Question) -> tuple[Comparison | None, str]:
    """Return two versions side by side where two are asked for, or why not."""
    before, after = at.query("a"), at.query("b")
    if not (question.agent and before and after and before != after):
        return None, ""
    try:
        return await compare_versions(
            at.app, at.who, question.agent, before, after, days=question.days
        ), ""
    except UnknownThing as error:
        return None, said_of(error)


def _tiles(found: Dashboard) -> list[Tile]:
    tasks, accepted, cost, cycle = tiles_of(found.whole, found.before, found.days)
    return [spend_tile(found), tasks, accepted, cost, error_tile(found), cycle]


def _row(question: Question, line: Performance, names: Mapping[str, str]) -> LineRow:
    rate = line.acceptance
    return LineRow(
        [names.get(name, name) or "unknown" for name in line.key],
        f"{line.settled:,}",
        f"{line.tasks:,}",
        percent(rate.value) if rate else NOTHING,
        f"{rate.low:.0%} to {rate.high:.0%}" if rate else "",
        usd(line.per_accepted_usd) if line.per_accepted_usd is not None else NOTHING,
        usd(line.cost_usd) + (f" + {line.unknown_cost} unknown" if line.unknown_cost else ""),
        percent(line.error_rate),
        span(line.median_s),
        tokens(line.input_tokens, line.output_tokens),
        not line.is_believable,
        _address(question, key="|".join(line.key)) + "#runs",
    )

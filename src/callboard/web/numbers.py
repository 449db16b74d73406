"""Performance as screens show it: tiles with their change, charts over time, lines in words."""

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from callboard.engine.performance import Performance
from callboard.engine.trends import Trend
from callboard.usecases.dashboards import Dashboard
from callboard.web.agent_pages import Tile
from callboard.web.render.charts.bars import bar_chart, stacked_chart
from callboard.web.render.charts.legend import figure
from callboard.web.render.charts.lines import band_chart, line_chart
from callboard.web.render.charts.parts import Bar, Chart, Moment, Series, Size
from callboard.web.render.words import NOTHING, Unit, amount, change, percent, span, usd

RANGES: Final = (7, 30, 90)
MOST_SERIES: Final = 6
_FEW_BARS: Final = 6


def tiles_of(now: Performance | None, before: Performance | None, days: int) -> list[Tile]:
    """Return the four numbers that tell how work went, each against the time before."""
    than = f" on the {days} days before"
    return [
        _tile("Tasks finished", _tasks(now), _tasks(before), "count", than),
        _tile("Accepted", _rate(now), _rate(before), "percent", than),
        _tile("Cost per task", _cost(now), _cost(before), "usd", than, less_is_better=True),
        _tile("Median cycle", now and now.median_s, before and before.median_s, "seconds", than, less_is_better=True),
    ]  # fmt: skip


def spend_tile(found: Dashboard) -> Tile:
    """Return what was spent, and what of it came to nothing."""
    if found.whole is None:
        return Tile("Spend", NOTHING)
    rework = found.whole.rework_usd
    said = (
        f"{usd(rework)} of it on work that does not stand"
        if rework
        else "all of it on work that stands"
    )
    unknown = f", {found.whole.unknown_cost} of unknown cost" if found.whole.unknown_cost else ""
    return Tile("Spend", usd(found.whole.cost_usd), said + unknown)


def error_tile(found: Dashboard) -> Tile:
    """Return how often attempts failed by themselves."""
    now, before = found.whole, found.before
    than = f" on the {found.days} days before"
    return _tile("Error rate", now and now.error_rate, before and before.error_rate, "percent", than, less_is_better=True)  # fmt: skip


def charts_of(found: Dashboard) -> list[Chart]:
    """Return the four charts of a dashboard; nothing where nothing was done."""
    if found.trend is None:
        return []
    time = "day" if found.period.step == 1 else "week"
    labels = [f"{day:%b} {day.day}" for day in found.period.days]
    marks = [
        Moment(place, f"{one.agent} v{one.version}")
        for one in found.went_live
        if (place := found.period.place(one.at)) is not None
    ]
    lead = leading(found.trends)
    names = found.names
    whole, n = found.trend, sum(found.trend.settled)
    cost = [Series(names.get(one.key, one.key), one.cost_usd) for one in lead]
    spend = [Series(names.get(one.key, one.key), one.spend_usd) for one in lead]
    rate = [Series("Error rate", whole.error_rate)]
    middle, upper = Series("Median", whole.median_s), Series("90th percentile", whole.p90_s)
    return [
        line_chart("Cost per attempt", "usd", labels, cost, unit_words="median, US dollars", marks=marks, n=n),
        line_chart("Error rate", "percent", labels, rate, unit_words="share of attempts", marks=marks, n=n),
        band_chart("Cycle time", "seconds", labels, middle, upper, unit_words="median and 90th percentile", marks=marks, n=n),
        stacked_chart(f"Spend by {time}", "usd", labels, _with_rest(found, spend), unit_words="US dollars", marks=marks, n=n),
    ]  # fmt: skip


def leading(trends: Sequence[Trend]) -> list[Trend]:
    """Return the trends that cost most, as many as can be told apart, by name."""
    found = sorted(trends, key=lambda one: -sum(one.spend_usd))[: MOST_SERIES - 1]
    return sorted(found, key=lambda one: one.key)


def _with_rest(found: Dashboard, shown: Sequence[Series]) -> list[Series]:
    if found.trend is None or len(found.trends) <= len(shown):
        return list(shown)
    rest = tuple(
        max(whole - sum(one.values[day] or 0 for one in shown), 0.0)
        for day, whole in enumerate(found.trend.spend_usd)
    )
    return [*shown, Series(f"{len(found.trends) - len(shown)} others", rest)]


def version_bars(
    lines: Sequence[Performance], names: Mapping[str, str], agent: str, live: int | None
) -> Markup:
    """Return what a task costs by version of an agent, the live one in full colour; empty where nothing is known."""
    known = {
        int(names[line.key[0]].rpartition(" v")[2]): line for line in lines if line.key[0] in names
    }
    bars = [
        Bar(
            f"v{number}",
            None if line.per_accepted_usd is None else float(line.per_accepted_usd),
            line.settled,
            f"/agents/{agent}/versions?b={number}",
            is_current=number == live,
        )
        for number, line in sorted(known.items())
    ]
    if not bars:
        return Markup("")
    n = sum(line.settled for line in lines)
    words = "US dollars, work that does not stand included"
    return figure(
        bar_chart(
            "Cost per task, by version", "usd", bars, unit_words=words, n=n, size=_size_for(bars)
        )
    )


def _size_for(bars: Sequence[Bar]) -> Size:
    """Return how large a chart of bars is drawn: no wider than its bars need, so that a phone does not shrink its words."""
    return Size(540 if len(bars) <= _FEW_BARS else 780, 200)


def in_words(line: Performance | None) -> str:
    """Return a line of numbers for a person; what is too few to compare says so."""
    if line is None or not line.settled:
        return "nothing settled yet"
    parts = [
        f"{percent(line.acceptance.value if line.acceptance else None)} accepted",
        f"{usd(line.per_accepted_usd)} a task",
        f"{percent(line.error_rate)} errors",
        f"{span(line.median_s)} median",
    ]
    return " · ".join(parts)


def sample(line: Performance | None) -> str:
    """Return how many attempts numbers are made from."""
    if line is None:
        return ""
    return (
        f"n = {line.settled:,}"
        if line.is_believable
        else f"n = {line.settled:,}, too few to compare"
    )


def _tile(
    name: str, now: float | None, before: float | None, unit: Unit, than: str, *, less_is_better: bool = False
) -> Tile:  # fmt: skip
    said = change(now, before, unit)
    if said is None or now is None or before is None:
        return Tile(name, amount(now, unit))
    mood = (
        ""
        if said == "the same" or unit == "count"
        else "better"
        if (now < before) == less_is_better
        else "worse"
    )
    return Tile(
        name,
        amount(now, unit),
        said + than if said != "the same" else f"the same as{than[3:]}",
        mood,
    )


def _tasks(line: Performance | None) -> float | None:
    return None if line is None else float(line.tasks)


def _rate(line: Performance | None) -> float | None:
    return line.acceptance.value if line is not None and line.acceptance is not None else None


def _cost(line: Performance | None) -> float | None:
    return None if line is None or line.per_accepted_usd is None else float(line.per_accepted_usd)

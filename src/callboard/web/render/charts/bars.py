"""Bars: one beside the other with the current one in full colour, or stacked over time."""

from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from callboard.web.render.charts.frame import Frame, drawing, frame_of, grid, labels_below, moments
from callboard.web.render.charts.legend import legend
from callboard.web.render.charts.lines import marked_text, table_of
from callboard.web.render.charts.parts import (
    Bar,
    Chart,
    DataTable,
    Moment,
    Series,
    Size,
    drawable,
    place,
)
from callboard.web.render.words import Unit, amount

_BAR: Final = Markup(
    '<rect class="chart-bar{current}" x="{x}" y="{y}" width="{width}" height="{height}" rx="3"><title>{text}</title></rect>'
)
_LINK: Final = Markup('<a href="{}" aria-label="{}">{}</a>')
_PART: Final = Markup(
    '<rect class="chart-block chart-{n}" x="{x}" y="{y}" width="{width}" height="{height}"><title>{text}</title></rect>'
)
_WIDEST: Final = 64


def bar_chart(
    title: str,
    unit: Unit,
    bars: Sequence[Bar],
    *,
    unit_words: str,
    n: int | None = None,
    size: Size | None = None,
) -> Chart:
    """Return a bar for each value; the current one stands out. One without a value has only its label."""
    known = [value for bar in bars if (value := drawable(bar.value)) is not None]
    frame = frame_of(max(known, default=0.0), unit, size or Size())
    places = [(_middle(frame, number, len(bars)), bar.label) for number, bar in enumerate(bars)]
    drawn = [
        grid(frame),
        labels_below(frame, places),
        *(_bar(frame, bar, number, len(bars), unit) for number, bar in enumerate(bars)),
    ]
    said = "; ".join(_said(bar, unit) for bar in bars) or "nothing yet"
    linked = any(bar.href for bar in bars)
    svg = drawing(frame.size, f"{title}, {unit_words}. {said}.", drawn, has_links=linked)
    rows = tuple((bar.label, amount(drawable(bar.value), unit), _n(bar)) for bar in bars)
    return Chart(title, unit_words, svg, Markup(""), DataTable(("Which", title, "n"), rows), n)


def stacked_chart(
    title: str,
    unit: Unit,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    unit_words: str,
    marks: Sequence[Moment] = (),
    n: int | None = None,
    size: Size | None = None,
) -> Chart:
    """Return one bar for each label, made of the values of all series on top of one another."""
    sums = [sum(_value(one, number) for one in series) for number in range(len(labels))]
    frame = frame_of(max(sums, default=0.0), unit, size or Size())
    places = [(_middle(frame, number, len(labels)), label) for number, label in enumerate(labels)]
    drawn = [
        grid(frame),
        labels_below(frame, places),
        moments(frame, marks, len(labels)),
        *(
            part
            for number in range(len(labels))
            for part in _stack(frame, number, labels, series, unit)
        ),
    ]
    whole = amount(sum(sums), unit)
    svg = drawing(frame.size, f"{title}, {unit_words}. {whole} in all.", drawn)
    names = legend(series, is_filled=True)
    return Chart(title, unit_words, svg, names, table_of(labels, series, unit), n)


def _middle(frame: Frame, number: int, of: int) -> float:
    left, width = frame.slot(number, of)
    return left + width / 2


def _value(series: Series, number: int) -> float:
    return (drawable(series.values[number]) or 0.0) if number < len(series.values) else 0.0


def _n(bar: Bar) -> str:
    return "" if bar.n is None else f"{bar.n:,}"


def _said(bar: Bar, unit: Unit) -> str:
    value = amount(drawable(bar.value), unit)
    return f"{bar.label}: {value}" if bar.n is None else f"{bar.label}: {value}, n = {bar.n:,}"


def _bar(frame: Frame, bar: Bar, number: int, of: int, unit: Unit) -> Markup:
    value = drawable(bar.value)
    if value is None:
        return Markup("")
    width = min(frame.slot(number, of)[1] * 0.64, _WIDEST)
    rect = _BAR.format(
        current=" chart-current" if bar.is_current else "",
        x=round(_middle(frame, number, of) - width / 2, 1),
        y=frame.y(value),
        width=round(width, 1),
        height=round(frame.bottom - frame.y(value), 1),
        text=marked_text([_said(bar, unit)]),
    )
    return _LINK.format(bar.href, marked_text([_said(bar, unit)]), rect) if bar.href else rect


def _stack(
    frame: Frame, number: int, labels: Sequence[str], series: Sequence[Series], unit: Unit
) -> Iterator[Markup]:
    left, slot = frame.slot(number, len(labels))
    width = min(slot * 0.72, _WIDEST)
    below = 0.0
    for place_of, one in enumerate(series):
        value = _value(one, number)
        if not value:
            continue
        top, foot = frame.y(below + value), frame.y(below)
        below += value
        yield _PART.format(
            n=place(place_of),
            x=round(left + (slot - width) / 2, 1),
            y=top,
            width=round(width, 1),
            height=round(foot - top, 1),
            text=marked_text([labels[number], f"{one.name}: {amount(value, unit)}"]),
        )

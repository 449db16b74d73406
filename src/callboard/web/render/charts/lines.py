"""Lines over time: several series, a median with its 90th percentile, a spark in a table."""

from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from callboard.web.render.charts.frame import Frame, drawing, frame_of, grid, labels_below, moments
from callboard.web.render.charts.legend import legend
from callboard.web.render.charts.parts import (
    Chart,
    DataTable,
    Moment,
    Series,
    Size,
    drawable,
    place,
)
from callboard.web.render.invisible import shown
from callboard.web.render.words import Unit, amount

_LINE: Final = Markup('<path class="chart-line chart-{n}" d="{d}"/>')
_DOT: Final = Markup('<circle class="chart-dot chart-{n}" cx="{x}" cy="{y}" r="{r}"/>')
_AREA: Final = Markup('<path class="chart-band" d="{d}"/>')
_HIT: Final = Markup(
    '<rect class="chart-hit" x="{x}" y="{y}" width="{width}" height="{height}"><title>{text}</title></rect>'
)
_FEW: Final = 16
"""Up to so many labels each value gets a dot."""
Point = tuple[float, float]


def line_chart(
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
    """Return lines over the labels, one for each series. A missing value is a gap."""
    frame = _frame(series, unit, size)
    drawn = [
        grid(frame),
        labels_below(frame, _places(frame, labels)),
        moments(frame, marks, len(labels)),
        *(
            part
            for number, one in enumerate(series)
            for part in _line(frame, one, number, len(labels))
        ),
        *_hits(frame, labels, series, unit),
    ]
    svg = drawing(frame.size, _told(title, unit_words, labels, series, unit), drawn)
    return Chart(title, unit_words, svg, legend(series), table_of(labels, series, unit), n)


def band_chart(
    title: str,
    unit: Unit,
    labels: Sequence[str],
    middle: Series,
    upper: Series,
    *,
    unit_words: str,
    marks: Sequence[Moment] = (),
    n: int | None = None,
    size: Size | None = None,
) -> Chart:
    """Return a median with the range up to a percentile above it."""
    series = (middle, upper)
    frame = _frame(series, unit, size)
    drawn = [
        grid(frame),
        labels_below(frame, _places(frame, labels)),
        *_areas(frame, middle, upper, len(labels)),
        moments(frame, marks, len(labels)),
        *(
            part
            for number, one in enumerate(series)
            for part in _line(frame, one, number, len(labels))
        ),
        *_hits(frame, labels, series, unit),
    ]
    svg = drawing(frame.size, _told(title, unit_words, labels, series, unit), drawn)
    return Chart(title, unit_words, svg, legend(series), table_of(labels, series, unit), n)


def spark(
    values: Sequence[float | None], label: str, *, width: int = 84, height: int = 20
) -> Markup:
    """Return a line without an axis for a table's cell; `label` says in words what it shows."""
    known = [value for value in map(drawable, values) if value is not None]
    top = max(known, default=0.0) or 1.0
    step = (width - 4) / max(len(values) - 1, 1)
    points = [
        None
        if value is None
        else (round(2 + number * step, 1), round(height - 2 - value / top * (height - 4), 1))
        for number, value in enumerate(map(drawable, values))
    ]
    parts = [_LINE.format(n=1, d=_path(run)) for run in _runs(points) if len(run) > 1]
    parts += [
        _DOT.format(n=1, x=run[0][0], y=run[0][1], r=1.5) for run in _runs(points) if len(run) == 1
    ]
    form = Markup(
        '<svg class="chart chart-spark" role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">{}</svg>'
    )
    return form.format(shown(label), width, height, width, height, Markup("").join(parts))


def table_of(labels: Sequence[str], series: Sequence[Series], unit: Unit) -> DataTable:
    """Return the numbers of series as a table, a row for each label."""
    rows = tuple(
        (label, *(amount(_at(one, number), unit) for one in series))
        for number, label in enumerate(labels)
    )
    return DataTable(("Day", *(one.name for one in series)), rows)


def _frame(series: Sequence[Series], unit: Unit, size: Size | None) -> Frame:
    known = [value for one in series for value in map(drawable, one.values) if value is not None]
    return frame_of(max(known, default=0.0), unit, size or Size())


def _at(series: Series, number: int) -> float | None:
    return drawable(series.values[number]) if number < len(series.values) else None


def _places(frame: Frame, labels: Sequence[str]) -> list[tuple[float, str]]:
    return [(frame.x(number, len(labels)), label) for number, label in enumerate(labels)]


def _points(frame: Frame, series: Series, count: int) -> list[Point | None]:
    values = (_at(series, number) for number in range(count))
    return [
        None if value is None else (frame.x(number, count), frame.y(value))
        for number, value in enumerate(values)
    ]


def _line(frame: Frame, series: Series, number: int, count: int) -> Iterator[Markup]:
    points = _points(frame, series, count)
    for run in _runs(points):
        if len(run) > 1:
            yield _LINE.format(n=place(number), d=_path(run))
        if count <= _FEW or len(run) == 1:
            yield from (_DOT.format(n=place(number), x=x, y=y, r=2.5) for x, y in run)


def _runs(points: Sequence[Point | None]) -> Iterator[list[Point]]:
    """Yield points that follow one another without a gap."""
    run: list[Point] = []
    for point in (*points, None):
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def _areas(frame: Frame, lower: Series, upper: Series, count: int) -> Iterator[Markup]:
    below, above = _points(frame, lower, count), _points(frame, upper, count)
    both = [(low, high) if low and high else None for low, high in zip(below, above, strict=True)]
    start = 0
    for number, pair in enumerate((*both, None)):
        if pair is not None:
            continue
        run = [one for one in both[start:number] if one is not None]
        if len(run) > 1:
            edge = [high for _, high in run] + [low for low, _ in reversed(run)]
            yield _AREA.format(d=f"{_path(edge)}Z")
        start = number + 1


def _hits(
    frame: Frame, labels: Sequence[str], series: Sequence[Series], unit: Unit
) -> Iterator[Markup]:
    wide = frame.width / max(len(labels) - 1, 1)
    for number, label in enumerate(labels):
        said = [f"{one.name}: {amount(_at(one, number), unit)}" for one in series]
        yield _HIT.format(
            x=round(max(frame.x(number, len(labels)) - wide / 2, frame.left - 4), 1),
            y=frame.top,
            width=round(wide, 1),
            height=frame.bottom - frame.top,
            text=marked_text([label, *said]),
        )


def marked_text(lines: Sequence[str]) -> str:
    """Return lines for a title that shows on hover."""
    return shown("\n".join(lines))


def _told(
    title: str, unit: str, labels: Sequence[str], series: Sequence[Series], unit_kind: Unit
) -> str:
    """Return what a chart shows, in a sentence for who cannot see it."""
    parts = [f"{title}, {unit}."]
    for one in series:
        known = [(n, v) for n in range(len(labels)) if (v := _at(one, n)) is not None]
        if known:
            low, high = min(v for _, v in known), max(v for _, v in known)
            last = f"{amount(known[-1][1], unit_kind)} at {labels[known[-1][0]]}"
            parts.append(
                f"{one.name}: {amount(low, unit_kind)} to {amount(high, unit_kind)}, last {last}."
            )
        else:
            parts.append(f"{one.name}: nothing yet.")
    return " ".join(parts)

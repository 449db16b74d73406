"""What the lines and colours of a chart stand for, and the chart as it stands in a page."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from callboard.web.render.charts.parts import Chart, Series, place
from callboard.web.render.invisible import marked
from callboard.web.render.words import count

_ENTRY: Final = Markup(
    '<li><svg class="chart-swatch" aria-hidden="true" width="18" height="10" viewBox="0 0 18 10">{}</svg>{}</li>'
)
_LINE: Final = Markup('<path class="chart-line chart-{}" d="M0 5H18"/>')
_BLOCK: Final = Markup('<rect class="chart-block chart-{}" x="2" y="0" width="12" height="10"/>')
_FIGURE: Final = Markup(
    '<figure class="chart-figure"><figcaption><span class="chart-title">{title}</span> '
    '<span class="chart-unit">{unit}</span></figcaption><div class="chart-scroll" tabindex="0" role="group" '
    'aria-label="{label}">{svg}</div>{legend}<details class="chart-numbers"><summary>Show as table</summary>'
    "{table}</details></figure>"
)


def legend(series: Sequence[Series], *, is_filled: bool = False) -> Markup:
    """Return the names of the series beside their line or colour; nothing for a single one."""
    if len(series) < 2:
        return Markup("")
    form = _BLOCK if is_filled else _LINE
    entries = [
        _ENTRY.format(form.format(place(n)), marked(one.name)) for n, one in enumerate(series)
    ]
    return Markup('<ul class="chart-legend">{}</ul>').format(Markup("").join(entries))


def figure(chart: Chart, things: str = "attempt") -> Markup:
    """Return a chart with its title, its unit, the number of things it is made from, and its table."""
    unit = chart.unit if chart.n is None else f"{chart.unit} · {count(chart.n, things)}"
    return _FIGURE.format(
        title=marked(chart.title),
        unit=marked(unit),
        label=chart.title,
        svg=chart.svg,
        legend=chart.legend,
        table=table(chart),
    )


def table(chart: Chart) -> Markup:
    """Return the numbers of a chart as a table."""
    first, *others = chart.table.header
    head = [Markup('<th scope="col">{}</th>').format(marked(name)) for name in (first, *others)]
    rows = [
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            marked(label),
            Markup("").join(
                Markup('<td class="num">{}</td>').format(marked(cell)) for cell in cells
            ),
        )
        for label, *cells in chart.table.rows
    ]
    form = Markup(
        '<table class="chart-table"><caption>{}, {}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
    )
    empty = Markup("").join(rows)
    return form.format(marked(chart.title), marked(chart.unit), Markup("").join(head), empty)

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.web.render.charts.bars import bar_chart, stacked_chart
from callboard.web.render.charts.legend import figure
from callboard.web.render.charts.lines import band_chart, line_chart, spark
from callboard.web.render.charts.parts import Bar, Chart, Moment, Series
from callboard.web.render.charts.scale import tick_words, ticks
from callboard.web.render.words import Unit

from .markup import Element, read
from .payloads import PAYLOADS

UNITS: tuple[Unit, ...] = ("usd", "percent", "seconds", "count")
VALUES = st.lists(st.none() | st.floats() | st.floats(0, 1e6), max_size=20).map(tuple)
DAYS = [f"Nov {n}" for n in range(1, 11)]


def drawn(chart: Chart) -> Element:
    """The chart as markup; every number in it is a number."""
    root = read(figure(chart))
    assert re.search(r"\b(nan|inf)\b", str(chart.svg), re.IGNORECASE) is None
    return root


@settings(deadline=None)
@given(st.floats(0, 1e12), st.sampled_from(UNITS))
def test_the_numbers_of_an_axis_are_round_and_reach_the_highest_value(largest: float, unit: Unit):
    values = ticks(largest, unit)
    assert values[0] == 0
    assert values[-1] >= largest * (1 - 1e-6)
    assert 2 <= len(values) <= 8
    words = tick_words(values, unit)
    assert len(words) == len(values)
    assert len(set(words)) == len(words) or unit == "usd" or largest > 1e9 or largest < 1e-3


@pytest.mark.parametrize(
    ("largest", "unit", "words"),
    [
        (1.86, "usd", ("$0", "$0.50", "$1.00", "$1.50", "$2.00")),
        (0.06, "percent", ("0%", "2%", "4%", "6%")),
        (5_400, "seconds", ("0 min", "30 min", "60 min", "90 min")),
        (7, "count", ("0", "2", "4", "6", "8")),
        (0, "count", ("0", "1")),
        (1_284, "usd", ("$0", "$500", "$1,000", "$1,500")),
    ],
)
def test_ticks_are_what_a_person_would_write(largest: float, unit: Unit, words: tuple[str, ...]):
    assert tick_words(ticks(largest, unit), unit) == words


@settings(deadline=None)
@given(st.lists(VALUES, max_size=4), st.sampled_from(UNITS), st.integers(-3, 30))
def test_any_numbers_can_be_drawn(values: list[tuple[float | None, ...]], unit: Unit, at: int):
    series = [Series(f"s{n}", one) for n, one in enumerate(values)]
    labels = [str(n) for n in range(max(map(len, values), default=0))]
    marks = [Moment(at, "v4")]
    drawn(line_chart("a", unit, labels, series, unit_words="u", marks=marks))
    drawn(stacked_chart("a", unit, labels, series, unit_words="u", marks=marks))
    drawn(bar_chart("a", unit, [Bar("b", one) for one in (values or [()])[0]], unit_words="u"))
    if len(series) > 1:
        drawn(band_chart("a", unit, labels, series[0], series[1], unit_words="u"))
    read(spark(series[0].values if series else (), "spend"))


def test_a_missing_day_is_a_gap_and_a_dash_never_a_zero():
    values = (1.0, 2.0, None, 4.0, 5.0)
    chart = line_chart("Cost", "usd", DAYS[:5], [Series("Mara", values)], unit_words="US dollars")
    root = drawn(chart)
    assert len(root.named("chart-line")) == 2
    assert chart.table.rows[2] == ("Nov 3", "\u2013")
    assert "Mara: \u2013" in root.text


def test_a_value_alone_between_gaps_is_a_dot():
    values = (None, 2.0, *[None] * 28)
    chart = line_chart(
        "a", "count", [str(n) for n in range(30)], [Series("s", values)], unit_words="u"
    )
    assert len(drawn(chart).named("chart-dot")) == 1


def test_a_chart_says_its_unit_what_it_is_made_of_and_its_numbers():
    series = [Series("Mara", (1.5, 2.0)), Series("Otto", (1.0, None))]
    root = drawn(
        line_chart(
            "Cost per task", "usd", DAYS[:2], series, unit_words="median, US dollars", n=1_318
        )
    )
    (caption,) = root.every("figcaption")
    assert caption.text == "Cost per task median, US dollars \u00b7 1,318 attempts"
    (svg,) = root.named("chart")
    assert svg.attributes["role"] == "img"
    assert "Mara: $1.50 to $2.00, last $2.00 at Nov 2." in svg.attributes["aria-label"]
    cells = [
        [cell.text for cell in row.every() if cell.tag in {"th", "td"}] for row in root.every("tr")
    ]
    assert cells == [
        ["Day", "Mara", "Otto"],
        ["Nov 1", "$1.50", "$1.00"],
        ["Nov 2", "$2.00", "\u2013"],
    ]


def test_series_differ_by_more_than_colour():
    series = [Series(f"s{n}", (1.0, 2.0)) for n in range(3)]
    root = drawn(line_chart("a", "count", DAYS[:2], series, unit_words="u"))
    assert [one.attributes["class"] for one in root.named("chart-line")][:3] == [
        f"chart-line chart-{n}" for n in (1, 2, 3)
    ]
    assert [one.text for one in root.named("chart-legend")[0].every("li")] == ["s0", "s1", "s2"]


def test_bars_lead_to_what_is_behind_them_and_the_current_one_stands_out():
    bars = [
        Bar("v3", 0.33, 38, "/runs?v=3"),
        Bar("v4", 1.47, 12, "/runs?v=4", is_current=True),
        Bar("v5", None, 0),
    ]
    chart = bar_chart("Cost per task", "usd", bars, unit_words="US dollars")
    root = drawn(chart)
    assert root.named("chart")[0].attributes["role"] == "group"
    assert [link.attributes["aria-label"] for link in root.every("a")] == [
        "v3: $0.33, n = 38",
        "v4: $1.47, n = 12",
    ]
    assert len(root.named("chart-current")) == 1
    assert chart.table.rows[2] == ("v5", "\u2013", "0")


def test_what_happened_is_a_line_with_its_word_and_those_outside_are_left_out():
    marks = [Moment(3, "Mara v4"), Moment(99, "later"), Moment(-1, "before")]
    chart = line_chart("a", "count", DAYS, [Series("s", (1.0,) * 10)], unit_words="u", marks=marks)
    root = drawn(chart)
    assert len(root.named("chart-moment")) == 1
    assert "Mara v4" in root.text


def test_numbers_that_are_none_do_not_bend_the_axis():
    chart = line_chart(
        "a", "count", DAYS[:3], [Series("s", (1.0, math.inf, math.nan))], unit_words="u"
    )
    assert [row[1] for row in chart.table.rows] == ["1", "\u2013", "\u2013"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attack_in_a_name_is_text(payload: str):
    series = [Series(payload, (1.0, 2.0)), Series("b", (1.0, None))]
    drawn(
        line_chart(
            payload, "usd", [payload, "b"], series, unit_words=payload, marks=[Moment(1, payload)]
        )
    )
    drawn(stacked_chart(payload, "usd", [payload, "b"], series, unit_words=payload))
    drawn(bar_chart(payload, "usd", [Bar(payload, 1.0, 2, "/x")], unit_words=payload))
    read(spark((1.0, 2.0), payload))

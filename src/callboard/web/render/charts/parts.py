"""What charts are made of, and what they come to."""

from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

SERIES = 6
"""How many series have a colour and a dash of their own; further ones begin again."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one thing over the labels of a chart; None where there is none: a gap, not a zero."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened at the label number `at`, such as "Mara v4" going live."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `n` is what its value is made from; `href` leads to the rows behind it."""

    label: str
    value: float | None
    n: int | None = None
    href: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class DataTable:
    """The numbers of a chart: a row for each label, already in words."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a chart in pixels, which is also the size of its text's grid."""

    width: int = 540
    height: int = 184


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart: `unit` in words, `n` how many things its numbers are made from."""

    title: str
    unit: str
    svg: Markup
    legend: Markup
    table: DataTable
    n: int | None = None


def drawable(value: float | None) -> float | None:
    """Return a value that can be drawn: None for what is missing, not finite or less than nothing."""
    return value if value is not None and isfinite(value) and value >= 0 else None


def place(number: int) -> int:
    """Return the number of a series' colour and dash, from 1."""
    return number % SERIES + 1

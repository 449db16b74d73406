"""The frame that charts share: the axis with its round numbers, labels below, moments as upright lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup

from callboard.web.render.charts.parts import Moment, Size
from callboard.web.render.charts.scale import tick_words, ticks
from callboard.web.render.invisible import one_line, shown
from callboard.web.render.words import Unit

_LETTER: Final = 6.6
"""Pixels of a letter of a tick's text."""
_TOP, _BOTTOM, _RIGHT = 16, 22, 10
_MOST_LETTERS: Final = 20
_SVG: Final = Markup(
    '<svg class="chart" role="{role}" aria-label="{label}" width="{width}" height="{height}" '
    'viewBox="0 0 {width} {height}">{inside}</svg>'
)
_GRID: Final = Markup(
    '<line class="chart-grid" x1="{x1}" x2="{x2}" y1="{y}" y2="{y}"/>'
    '<text class="chart-tick chart-end" x="{tx}" y="{ty}">{word}</text>'
)
_LABEL: Final = Markup('<text class="chart-tick chart-middle" x="{x}" y="{y}">{word}</text>')
_MOMENT: Final = Markup(
    '<line class="chart-moment" x1="{x}" x2="{x}" y1="{y1}" y2="{y2}"><title>{all}</title></line>'
    '<text class="chart-tick{side}" x="{tx}" y="{ty}">{word}</text>'
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things stand in a chart: pixels of the plot's edges, and the number at its top."""

    size: Size
    left: float
    top: float
    right: float
    bottom: float
    steps: tuple[float, ...]
    words: tuple[str, ...]

    @property
    def width(self) -> float:
        """Pixels of the plot from left to right."""
        return self.right - self.left

    def y(self, value: float) -> float:
        """Return where a value stands, in pixels from the top."""
        return round(self.bottom - min(value / self.steps[-1], 1) * (self.bottom - self.top), 1)

    def x(self, number: int, count: int) -> float:
        """Return where label number `number` of `count` stands, the first at the left edge, the last at the right."""
        return round(
            self.left + (self.width * number / (count - 1) if count > 1 else self.width / 2), 1
        )

    def slot(self, number: int, count: int) -> tuple[float, float]:
        """Return the left edge and the width of place `number` of `count` equal ones."""
        width = self.width / max(count, 1)
        return round(self.left + width * number, 1), round(width, 1)


def frame_of(largest: float, unit: Unit, size: Size) -> Frame:
    """Return the frame of a chart whose highest value is `largest`."""
    steps = ticks(largest, unit)
    words = tick_words(steps, unit)
    left = 12 + _LETTER * max(map(len, words))
    return Frame(size, left, _TOP, size.width - _RIGHT, size.height - _BOTTOM, steps, words)


def grid(frame: Frame) -> Markup:
    """Return the lines of the axis with their numbers."""
    return Markup("").join(
        _GRID.format(
            x1=frame.left,
            x2=frame.right,
            y=frame.y(step),
            tx=frame.left - 6,
            ty=frame.y(step) + 4,
            word=word,
        )
        for step, word in zip(frame.steps, frame.words, strict=True)
    )


def labels_below(frame: Frame, places: Sequence[tuple[float, str]]) -> Markup:
    """Return the labels under the axis, as many as have room; `places` are the middles in pixels."""
    longest = max((len(label) for _, label in places), default=0)
    room = max(min(longest, 24) * _LETTER + 14, 30)
    every = max(1, -int(-len(places) * room // max(frame.width, 1)))
    y = frame.size.height - 6
    return Markup("").join(
        _LABEL.format(x=round(x, 1), y=y, word=one_line(label, 24))
        for x, label in places[::every]
        if x + room / 2 < frame.size.width + 12
    )


def moments(frame: Frame, marks: Iterable[Moment], count: int) -> Markup:
    """Return what happened as upright lines with their words, those outside of the chart left out. What happened at
    one label has one line, which names all of it to whoever points at it.
    """
    parts: list[Markup] = []
    end = 0.0
    inside = sorted((mark for mark in marks if 0 <= mark.at < count), key=lambda mark: mark.at)
    for at, group in groupby(inside, key=lambda mark: mark.at):
        labels = [mark.label for mark in group]
        said = labels[0] if len(labels) == 1 else f"{labels[0]} +{len(labels) - 1}"
        x, wide = frame.x(at, count), _LETTER * min(len(said), _MOST_LETTERS)
        turned = x + wide > frame.right
        start = x - wide - 4 if turned else x + 4
        free = start >= end
        parts.append(
            _MOMENT.format(
                x=x,
                y1=frame.top - 8,
                y2=frame.bottom,
                side=" chart-end" if turned else "",
                tx=x - 4 if turned else x + 4,
                ty=frame.top - 6,
                word=one_line(said, _MOST_LETTERS) if free else "",
                all=shown("\n".join(labels)),
            )
        )
        end = start + wide if free else end
    return Markup("").join(parts)


def drawing(size: Size, label: str, inside: Iterable[Markup], *, has_links: bool = False) -> Markup:
    """Return an SVG. One that holds links is a group to screen readers: an image may hold none."""
    role = "group" if has_links else "img"
    return _SVG.format(
        role=role,
        label=shown(label),
        width=size.width,
        height=size.height,
        inside=Markup("").join(inside),
    )

"""The time of a run in two lanes: what the model did above, what tools did below, decisions across both.

Marks that would fall on one another become one, so that a run of ten thousand calls is as light as one of ten. Time
in which nothing happened can be folded away; a fold shows how long it was.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from math import isfinite
from typing import Final, Literal

from markupsafe import Markup

from callboard.web.render.charts.scale import tick_words, ticks
from callboard.web.render.invisible import shown
from callboard.web.render.words import span

Lane = Literal["model", "tool", "decision"]
MOST_MARKS: Final = 400
IDLE_AFTER: Final = 60.0
"""Seconds without anything that are folded away where idle time is hidden."""

_LEFT, _RIGHT, _HEIGHT = 58.0, 12.0, 62
_FOLD: Final = 10.0
_NARROWEST: Final = 2.0
_LONGEST: Final = 1e9
"""Seconds that a run can have lasted; what is beyond is no time."""
_ORDER: Final[tuple[Lane, ...]] = ("model", "tool", "decision")
_TOPS: Final[dict[Lane, float]] = {"model": 6, "tool": 26, "decision": 2}
_HEIGHTS: Final[dict[Lane, float]] = {"model": 12, "tool": 12, "decision": 40}
_SVG: Final = Markup(
    '<svg class="strip" role="group" aria-label="{label}" width="{width}" height="{height}" '
    'viewBox="0 0 {width} {height}"><text class="strip-word" x="0" y="16">Model</text>'
    '<text class="strip-word" x="0" y="36">Tools</text>{inside}</svg>'
)
_MARK: Final = Markup(
    '<a href="{href}" aria-label="{text}"><rect class="strip-{kind}" x="{x}" y="{y}" width="{width}" height="{height}"'
    ' rx="1"><title>{text}</title></rect></a>'
)
_TICK: Final = Markup('<text class="strip-word strip-middle" x="{x}" y="58">{word}</text>')
_FOLDED: Final = Markup(
    '<line class="strip-fold" x1="{x}" x2="{x}" y1="2" y2="42"><title>{text}</title></line>'
)


@dataclass(frozen=True, slots=True)
class StripMark:
    """Something that happened: from `start` to `end` in seconds since the run began. `href` leads to its event."""

    lane: Lane
    start: float
    end: float
    text: str
    href: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class _Fold:
    """Idle time from `start` to `end`, in seconds."""

    start: float
    end: float


class _Time:
    """Where a moment stands: pixels for seconds, folds left out."""

    def __init__(self, length: float, folds: tuple[_Fold, ...], width: float) -> None:
        self.length, self.folds, self.width = length, folds, width
        self._starts = [fold.start for fold in folds]
        self._gone = [0.0, *accumulate(fold.end - fold.start for fold in folds)]
        room = width - _LEFT - _RIGHT - _FOLD * len(folds)
        self._scale = max(room, 1) / max(length - self._gone[-1], 1e-9)

    def x(self, second: float) -> float:
        """Return the place of a moment, in pixels from the left; within a fold where that begins."""
        passed = bisect_right(self._starts, second)
        if passed and second < self.folds[passed - 1].end:
            passed, second = passed - 1, self.folds[passed - 1].start
        return _LEFT + _FOLD * passed + (second - self._gone[passed]) * self._scale


def strip(
    marks: Sequence[StripMark], length: float, *, width: int = 860, hide_idle: bool = False
) -> Markup:
    """Return the strip of a run of `length` seconds; marks may come in any order."""
    sound = [mark for mark in marks if abs(mark.start) <= _LONGEST and abs(mark.end) <= _LONGEST]
    end = max(
        [
            min(length, _LONGEST) if isfinite(length) else 0.0,
            1.0,
            *(max(mark.start, mark.end) for mark in sound),
        ]
    )
    folds = tuple(_idle(sound, end)) if hide_idle else ()
    time = _Time(end, folds, width)
    merged = _merged(sound, time)
    parts = [
        *(_mark(mark, count, time) for mark, count in merged),
        *(_folded(fold, time) for fold in folds),
        *_ticks(time),
    ]
    failures = sum(mark.failed for mark in sound)
    label = f"Time strip of {span(end)}: {len(sound):,} events, {failures:,} failed"
    return _SVG.format(label=label, width=width, height=_HEIGHT, inside=Markup("").join(parts))


def _idle(marks: Sequence[StripMark], end: float) -> Iterator[_Fold]:
    """Yield times in which neither the model nor a tool worked (a wait for a decision too), but for a moment at
    each side.
    """
    at = 0.0
    for mark in sorted(marks, key=lambda mark: mark.start):
        if mark.start - at > IDLE_AFTER:
            yield _Fold(at + IDLE_AFTER / 6, mark.start - IDLE_AFTER / 6)
        at = max(at, mark.start if mark.lane == "decision" else mark.end, mark.start)
    if end - at > IDLE_AFTER:
        yield _Fold(at + IDLE_AFTER / 6, end)


def _merged(marks: Sequence[StripMark], time: _Time) -> list[tuple[StripMark, int]]:
    """Return marks with how many each stands for: at most `MOST_MARKS`, those that would touch as one. A failure
    is merged with failures only, so that none disappears in what went well.
    """
    apart = 1.0
    while True:
        found = [one for lane in _ORDER for one in _in_lane(marks, lane, time, apart)]
        if len(found) <= MOST_MARKS:
            return found
        apart *= 1.6


def _in_lane(
    marks: Sequence[StripMark], lane: Lane, time: _Time, apart: float
) -> Iterator[tuple[StripMark, int]]:
    mine = sorted(
        (mark for mark in marks if mark.lane == lane), key=lambda mark: (mark.failed, mark.start)
    )
    for _, group in groupby(mine, key=lambda mark: mark.failed):
        open_mark, count, edge = None, 0, 0.0
        for mark in group:
            if open_mark is not None and time.x(mark.start) < edge + apart:
                open_mark = _joined(open_mark, mark)
                count += 1
            else:
                if open_mark is not None:
                    yield open_mark, count
                open_mark, count = mark, 1
            edge = max(edge, time.x(max(mark.end, mark.start)), time.x(mark.start) + _NARROWEST)
        if open_mark is not None:
            yield open_mark, count


def _joined(one: StripMark, other: StripMark) -> StripMark:
    end = max(one.end, other.end, other.start)
    return StripMark(one.lane, one.start, end, one.text, one.href, one.failed)


def _mark(mark: StripMark, count: int, time: _Time) -> Markup:
    x = time.x(max(mark.start, 0))
    wide = _NARROWEST if mark.lane == "decision" else max(time.x(mark.end) - x, _NARROWEST)
    words = [mark.text if count == 1 else f"{mark.text} and {count - 1:,} more", span(mark.start)]
    if mark.failed:
        words.insert(1, "failed")
    return _MARK.format(
        href=mark.href,
        text=shown(" · ".join(words)),
        kind="failed" if mark.failed else mark.lane,
        x=round(x, 1),
        y=_TOPS[mark.lane] - 3 * mark.failed,  # taller too: colour alone says nothing to some
        width=round(wide, 1),
        height=_HEIGHTS[mark.lane] + 6 * mark.failed,
    )


def _folded(fold: _Fold, time: _Time) -> Markup:
    x = round(time.x(fold.end) - _FOLD / 2, 1)
    return _FOLDED.format(x=x, text=f"idle for {span(fold.end - fold.start)}")


def _ticks(time: _Time) -> Iterator[Markup]:
    step = ticks(time.length / 2, "seconds")[1]
    values = tuple(step * number for number in range(int(time.length / step) + 1))
    last = -100.0
    for value, word in zip(values, tick_words((*values, time.length), "seconds"), strict=False):
        x = round(time.x(value), 1)
        hidden = any(fold.start < value < fold.end for fold in time.folds)
        if not hidden and x - last > 52 and x < time.width - 16:
            last = x
            yield _TICK.format(x=x, word=word)

"""Where the steps of a workflow stand: in layers from left to right, so ordered that few lines cross.

Pure geometry in pixels. A workflow that does not hold together (a step needs one that is not there, or itself by a
detour) is drawn as far as it can be: its editor shows it while it is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from callboard.domain.workflow import Step, WorkflowDefinition
from callboard.engine.tasks.order import needs_by_step

HEIGHT: Final = 58
_ROW: Final = HEIGHT + 26
_GAP: Final = 56
_LETTER: Final = 8.0
_SMALL: Final = 6.4
_NARROWEST, _WIDEST = 140.0, 240.0
_EDGE: Final = 24.0
_SWEEPS: Final = 6
_MOST_LETTERS: Final = 28


@dataclass(frozen=True, slots=True)
class Texts:
    """What stands in a step: `title`, `owner` below it, and the condition `when` on the lines that lead to it."""

    title: str
    owner: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A step's place: its left upper corner and width, all of height `HEIGHT`."""

    step: str
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        """Where lines enter and leave, from the top."""
        return self.y + HEIGHT / 2


@dataclass(frozen=True, slots=True)
class Way:
    """A line from one step to the next, through points between the layers that it passes."""

    start: str
    end: str
    through: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Back:
    """A line back from a step to the one that gets rejected work, `lane` lines below the boxes, counted from 0."""

    start: str
    end: str
    lane: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything in its place. `floor` is the lower edge of the lowest box or line."""

    boxes: Mapping[str, Box]
    ways: tuple[Way, ...]
    backs: tuple[Back, ...]
    width: float
    floor: float


Node = tuple[str, int]
"""A step in its layer, or the point where a long line passes a layer."""


def layout_of(workflow: WorkflowDefinition, texts: Mapping[str, Texts]) -> Layout:
    """Return where the steps of a workflow stand; `texts` by the id of a step."""
    steps = _first_of_each(workflow.steps)
    needs = _sound(workflow, steps)
    layer = _layers(needs)
    rows, links = _with_points(needs, layer)
    _order(rows, links)
    widths = [_width(row, texts) for row in rows]
    lefts = _lefts(rows, widths, texts, needs)
    tallest = max(map(len, rows))
    heights = {
        node: _EDGE + (place + (tallest - len(row)) / 2) * _ROW
        for row in rows
        for place, node in enumerate(row)
    }
    boxes = {
        step: Box(step, lefts[depth], heights[step, depth], widths[depth])
        for step, depth in layer.items()
    }
    ways = tuple(_ways(needs, layer, heights, lefts, widths))
    floor = max(heights.values()) + HEIGHT
    return Layout(boxes, ways, _backs(steps, boxes), lefts[-1] + widths[-1] + _EDGE, floor)


def _first_of_each(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(
        {step.id: step for step in reversed(steps)}[name]
        for name in dict.fromkeys(step.id for step in steps)
    )


def _sound(workflow: WorkflowDefinition, steps: Sequence[Step]) -> dict[str, tuple[str, ...]]:
    """Return what each step needs, without what is not there and without the lines that would close a circle."""
    known = {step.id for step in steps}
    needed = needs_by_step(workflow)
    asked = {
        step.id: tuple(dict.fromkeys(one for one in needed[step.id] if one in known))
        for step in steps
    }
    kept: dict[str, tuple[str, ...]] = dict.fromkeys(asked, ())
    for step, wanted in asked.items():
        for need in wanted:
            if not _reaches(kept, need, step):
                kept[step] += (need,)
    return kept


def _reaches(needs: Mapping[str, Sequence[str]], start: str, end: str) -> bool:
    """Return whether `start` needs `end`, directly or not, or is it."""
    seen, todo = {start}, [start]
    while todo:
        step = todo.pop()
        if step == end:
            return True
        fresh = [need for need in needs[step] if need not in seen]
        seen.update(fresh)
        todo += fresh
    return False


def _layers(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many steps come one after another before each."""
    layer = dict.fromkeys(needs, 0)
    for _ in needs:
        moved = False
        for step, wanted in needs.items():
            depth = max((layer[need] + 1 for need in wanted), default=0)
            moved |= depth != layer[step]
            layer[step] = depth
        if not moved:
            break
    return layer


def _with_points(
    needs: Mapping[str, Sequence[str]], layer: Mapping[str, int]
) -> tuple[list[list[Node]], dict[Node, list[Node]]]:
    """Return the nodes of each layer, and for each node those of the layer before it that it hangs on. A line over
    several layers takes a place in each of them.
    """
    rows: list[list[Node]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for step, depth in layer.items():
        rows[depth].append((step, depth))
    links: dict[Node, list[Node]] = {}
    for step, wanted in needs.items():
        for need in wanted:
            before: Node = (need, layer[need])
            for depth in range(layer[need] + 1, layer[step]):
                point: Node = (_point(need, step), depth)
                rows[depth].append(point)
                links[point] = [before]
                before = point
            links.setdefault((step, layer[step]), []).append(before)
    return rows, links


def _point(need: str, step: str) -> str:
    return f"{need}>{step}"


def _order(rows: list[list[Node]], links: Mapping[Node, Sequence[Node]]) -> None:
    """Put the nodes of each layer near what they hang together with, sweeping to and fro."""
    following: dict[Node, list[Node]] = {}
    for node, before in links.items():
        for one in before:
            following.setdefault(one, []).append(node)
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for index in range(1, len(rows)) if forth else range(len(rows) - 2, -1, -1):
            fixed = rows[index - 1] if forth else rows[index + 1]
            places = {node: place - len(fixed) / 2 for place, node in enumerate(fixed)}
            near = links if forth else following
            _sort(rows[index], near, places)


def _sort(
    row: list[Node], near: Mapping[Node, Sequence[Node]], places: Mapping[Node, float]
) -> None:
    now = {node: place - len(row) / 2 for place, node in enumerate(row)}
    row.sort(key=lambda node: fmean([places[one] for one in near.get(node, ())] or [now[node]]))


def _width(row: Sequence[Node], texts: Mapping[str, Texts]) -> float:
    """Return how wide a layer is: its widest text beside the avatar."""
    shown = [texts[step] for step, _ in row if step in texts]
    widest = max(
        (max(len(text.title) * _LETTER, len(text.owner) * _SMALL) for text in shown), default=0.0
    )
    return round(min(max(widest + 58, _NARROWEST), _WIDEST))


def _lefts(
    rows: Sequence[Sequence[Node]],
    widths: Sequence[float],
    texts: Mapping[str, Texts],
    needs: Mapping[str, Sequence[str]],
) -> list[float]:
    """Return where each layer begins: conditions on the lines before it have room."""
    lefts = [_EDGE]
    for index in range(1, len(rows)):
        said = [texts[step].when for step, _ in rows[index] if step in texts and needs[step]]
        longest = max((min(len(when), _MOST_LETTERS) for when in said), default=0)
        gap = max(_GAP, longest * _SMALL + 28 if longest else 0)
        lefts.append(lefts[-1] + widths[index - 1] + gap)
    return lefts


def _ways(
    needs: Mapping[str, Sequence[str]],
    layer: Mapping[str, int],
    heights: Mapping[Node, float],
    lefts: Sequence[float],
    widths: Sequence[float],
) -> list[Way]:
    ways: list[Way] = []
    for step, wanted in needs.items():
        for need in wanted:
            points: list[tuple[float, float]] = []
            for depth in range(layer[need] + 1, layer[step]):
                y = heights[_point(need, step), depth] + HEIGHT / 2
                points += [(lefts[depth], y), (lefts[depth] + widths[depth], y)]
            ways.append(Way(need, step, tuple(points)))
    return ways


def _backs(steps: Sequence[Step], boxes: Mapping[str, Box]) -> tuple[Back, ...]:
    """Return the lines back, short ones above long ones, those that do not meet in one lane."""
    found = [
        (step.id, step.on_reject)
        for step in steps
        if step.on_reject is not None and step.on_reject in boxes and step.on_reject != step.id
    ]
    spans = sorted((abs(boxes[start].x - boxes[end].x), start, end) for start, end in found)
    lanes: list[list[tuple[float, float]]] = []
    backs: list[Back] = []
    for _, start, end in spans:
        left, right = sorted((boxes[start].x, boxes[end].x))
        right += max(boxes[start].width, boxes[end].width)
        free = (
            n
            for n, lane in enumerate(lanes)
            if all(right < low or left > high for low, high in lane)
        )
        lane = next(free, len(lanes))
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((left, right))
        backs.append(Back(start, end, lane))
    return tuple(backs)

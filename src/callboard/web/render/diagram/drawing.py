"""The drawing of a workflow: boxes that are links, lines, and dashed lines back."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from callboard.domain.workflow import AgentStep, Condition, SignOff, Step, WorkflowDefinition
from callboard.web.render.diagram.layout import HEIGHT, Back, Box, Layout, Texts, Way, layout_of
from callboard.web.render.invisible import one_line, shown

_LANE: Final = 20
_FIRST_LANE: Final = 30
_FOOT: Final = 22
_TITLE_LETTERS, _OWNER_LETTERS, _WHEN_LETTERS = 26, 30, 28
_SVG: Final = Markup(
    '<svg class="diagram" role="group" aria-label="{label}" width="{width}" height="{height}" '
    'viewBox="0 0 {width} {height}">{heads}{ways}{backs}{boxes}</svg>'
)
_HEADS: Final = Markup(
    "<defs>"
    '<marker id="diagram-then" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="diagram-head" d="M0 0L8 4L0 8Z"/></marker>'
    '<marker id="diagram-again" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="diagram-head diagram-back" d="M0 0L8 4L0 8Z"/></marker>'
    "</defs>"
)
_WAY: Final = Markup('<path class="diagram-way{late}" d="{d}" marker-end="url(#diagram-then)"/>')
_WORD: Final = Markup('<text class="diagram-word" x="{x}" y="{y}">{word}</text>')
_BACK: Final = Markup(
    '<path class="diagram-way diagram-back" d="{d}" marker-end="url(#diagram-again)"/>'
)
_BOX: Final = Markup(
    '<a class="diagram-step{kind}{current}" href="{href}"{now} aria-label="{label}">'
    '<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>'
    '<circle class="diagram-avatar" cx="{cx}" cy="{cy}" r="12"/>'
    '<text class="diagram-initials" x="{cx}" y="{iy}">{initials}</text>'
    '<text class="diagram-title" x="{tx}" y="{ty}">{title}</text>'
    '<text class="diagram-owner" x="{tx}" y="{oy}">{owner}</text></a>'
)


def diagram(
    workflow: WorkflowDefinition,
    href: Callable[[str], str],
    *,
    owners: Mapping[str, str] | None = None,
    current: str = "",
) -> Markup:
    """Return the drawing of a workflow. `href` makes the address of a step of its id; `owners` are names to show for
    steps; the step `current` is marked.
    """
    texts = {step.id: texts_of(step, (owners or {}).get(step.id)) for step in workflow.steps}
    laid = layout_of(workflow, texts)
    steps = {step.id: step for step in reversed(workflow.steps)}
    lanes = 1 + max((back.lane for back in laid.backs), default=-1)
    height = laid.floor + (_FIRST_LANE + lanes * _LANE if lanes else 0) + _FOOT
    boxes = (
        _box(box, steps[box.step], texts[box.step], href(box.step), is_current=box.step == current)
        for box in laid.boxes.values()
    )
    return _SVG.format(
        label=shown(f"Workflow {workflow.title}: {len(laid.boxes)} steps"),
        width=round(laid.width),
        height=round(height),
        heads=_HEADS,
        ways=Markup("").join(_way(laid, way, texts[way.end].when) for way in laid.ways),
        backs=Markup("").join(_backs(laid, steps)),
        boxes=Markup("").join(boxes),
    )


def texts_of(step: Step, owner: str | None = None) -> Texts:
    """Return what a step says: its title, who does it, when it is needed."""
    when = "" if step.when is None else f"when {condition_words(step.when)}"
    if isinstance(step, AgentStep):
        said = owner or step.agent or f"any with {', '.join(step.skills)}"
        return Texts(_cut(step.title, _TITLE_LETTERS), _cut(said, _OWNER_LETTERS), when)
    said = owner or _deciders(step.approvers)
    return Texts(
        _cut(step.title, _TITLE_LETTERS), f"{_cut(said, _OWNER_LETTERS - 11)} · sign-off", when
    )


def condition_words(condition: Condition) -> str:
    """Return a condition in words."""
    parts = [
        *(("path " + " or ".join(condition.paths),) if condition.paths else ()),
        *(("label " + " or ".join(condition.labels),) if condition.labels else ()),
        *(("priority " + " or ".join(condition.priority),) if condition.priority else ()),
        *(("(" + " or ".join(map(condition_words, condition.any)) + ")",) if condition.any else ()),
        *(
            ("not (" + " or ".join(map(condition_words, condition.none)) + ")",)
            if condition.none
            else ()
        ),
    ]
    return " and ".join(parts)


def _deciders(rule: SignOff | None) -> str:
    if rule is None:
        return "people"
    named = ", ".join((*rule.people, *rule.roles)) or "people"
    return named if rule.count == 1 else f"{rule.count} of {named}"


def _cut(text: str, letters: int) -> str:
    flat = " ".join(text[: letters * 4].split())
    return flat if len(flat) <= letters else f"{flat[: letters - 1]}…"


def _box(box: Box, step: Step, text: Texts, href: str, *, is_current: bool) -> Markup:
    kind = "" if isinstance(step, AgentStep) else " diagram-people"
    owner = text.owner.removesuffix(" · sign-off")
    said = f"{step.title}, {text.owner}" + (f", {text.when}" if text.when else "")
    return _BOX.format(
        kind=kind,
        current=" diagram-current" if is_current else "",
        now=Markup(' aria-current="step"') if is_current else "",
        href=href,
        label=shown(said),
        x=box.x,
        y=box.y,
        width=box.width,
        height=HEIGHT,
        cx=box.x + 24,
        cy=box.middle,
        iy=box.middle + 3.5,
        initials=one_line(owner[:2].title(), 2),
        tx=box.x + 46,
        ty=box.middle - 5,
        oy=box.middle + 13,
        title=one_line(text.title, _TITLE_LETTERS),
        owner=one_line(text.owner, _OWNER_LETTERS + 2),
    )


def _way(laid: Layout, way: Way, when: str) -> Markup:
    start, end = laid.boxes[way.start], laid.boxes[way.end]
    points = [(start.x + start.width, start.middle), *way.through, (end.x - 2, end.middle)]
    path = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for number, ((x1, y1), (x2, y2)) in enumerate(pairwise(points)):
        bend = round((x1 + x2) / 2, 1)
        straight = number % 2 == 1 or y1 == y2
        path.append(
            f"L{x2:g} {y2:g}" if straight else f"C{bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}"
        )
    line = _WAY.format(late=" diagram-when" if when else "", d="".join(path))
    if not when:
        return line
    before = points[-2]
    x, y = (before[0] + end.x) / 2, (before[1] + end.middle) / 2
    word = _WORD.format(x=round(x, 1), y=round(y - 7, 1), word=one_line(when, _WHEN_LETTERS))
    return line + word


def _backs(laid: Layout, steps: Mapping[str, Step]) -> Iterator[Markup]:
    arriving: dict[str, int] = {}
    for back in laid.backs:
        arriving[back.end] = arriving.get(back.end, -1) + 1
        yield _back(laid, back, arriving[back.end])
        yield _back_word(laid, back, steps[back.start])


def _back(laid: Layout, back: Back, nth: int) -> Markup:
    """Return a line that leaves a box at its foot and comes back at the other's, beside boxes that stand below."""
    start, end = laid.boxes[back.start], laid.boxes[back.end]
    y = laid.floor + _FIRST_LANE + back.lane * _LANE
    leave, arrive = (
        start.x + start.width / 2 + 8 * (start.x == end.x),
        end.x + end.width / 2 - 14 * nth,
    )
    out, into = f"M{leave:g} {start.y + HEIGHT:g}V{y:g}", f"H{arrive:g}V{end.y + HEIGHT + 2:g}"
    if _stands_above(laid, start):
        leave = start.x + start.width + 12
        out = f"M{leave - 12:g} {start.middle + 16:g}H{leave:g}V{y:g}"
    if _stands_above(laid, end):
        arrive = end.x - 14
        into = f"H{arrive:g}V{end.middle + 16:g}H{end.x - 2:g}"
    return _BACK.format(d=out + into)


def _stands_above(laid: Layout, box: Box) -> bool:
    return any(other.x == box.x and other.y > box.y for other in laid.boxes.values())


def _back_word(laid: Layout, back: Back, step: Step) -> Markup:
    start, end = laid.boxes[back.start], laid.boxes[back.end]
    middle = (start.x + start.width / 2 + end.x + end.width / 2) / 2
    y = laid.floor + _FIRST_LANE + back.lane * _LANE
    word = "changes asked" if isinstance(step, AgentStep) else "rejected"
    return _WORD.format(x=round(middle, 1), y=round(y - 5, 1), word=word)

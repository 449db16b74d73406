"""A task as a card of the board: the same markup on the page and in what a socket tells."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from callboard.domain.events.codec import timestamp
from callboard.domain.workflow import Priority
from callboard.usecases.board import TaskView
from callboard.web.render import words
from callboard.web.render.invisible import one_line
from callboard.web.templating import hue, initials

_CARD: Final = Markup(
    '<li class="board-card%(edge)s" id="%(key)s" data-key="%(key)s" data-at="%(at)s">'
    '<div class="board-card-top"><code>%(key)s</code>%(pressing)s</div>'
    '<a class="board-card-title" href="/tasks/%(key)s">%(title)s</a>'
    '<div class="board-card-foot">%(who)s<span class="st st-%(state)s">%(word)s</span>'
    '<span class="board-cost">%(cost)s</span></div></li>'
)
_WHO: Final = Markup(
    '<span class="av tiny av-%(hue)s" aria-hidden="true">%(initials)s</span><span class="board-who">%(name)s</span>'
)
_PRESSING: Final = Markup('<span class="pill">%s</span>')
_LOUD: Final[tuple[Priority, ...]] = ("high", "urgent")
_HEALTH: Final = {
    "not_started": ("queued", "Not started"),
    "blocked": ("paused", "Blocked"),
    "needs_person": ("waiting", "Waiting"),
    "stalled": ("paused", "Silent"),
    "at_risk": ("working", "At risk"),
    "over_budget": ("working", "Over budget"),
    "on_track": ("working", "Working"),
}


def state_of(view: TaskView) -> tuple[str, str]:
    """Return the class and the word of how a task stands, the same for whoever looks."""
    match view.task.state:
        case "done":
            return "done", "Done"
        case "failed":
            return "failed", "Failed"
        case "cancelled":
            return "cancelled", "Cancelled"
        case "queued" if view.standing.health != "blocked":
            return "queued", "Queued"
        case _:
            return _HEALTH.get(view.standing.health, ("queued", "Queued"))


def card_of(view: TaskView) -> Markup:
    """Return a task's card."""
    task = view.task
    state, word = state_of(view)
    bill = view.bill
    name = _name(view)
    return _CARD % {
        "edge": " board-card-failed" if task.state == "failed" else "",
        "key": task.key,
        "at": timestamp(view.standing.since),
        "pressing": _PRESSING % task.priority if task.priority in _LOUD else "",
        "title": one_line(task.title, 200),
        "who": _WHO % {"hue": hue(name), "initials": initials(name), "name": name} if name else "",
        "state": state,
        "word": word,
        "cost": words.bill(bill) if bill.known_usd or bill.has_unknown else "",
    }


def cards_of(views: Sequence[TaskView]) -> Markup:
    """Return the cards of a column."""
    return Markup("").join(card_of(view) for view in views)


def _name(view: TaskView) -> str:
    """Return who answers for a task: its owner, else whoever wrote it down."""
    owner = view.task.owner
    return owner.partition(":")[2] if owner is not None else view.task.created_by.name


def show_card(view: TaskView) -> str:
    """Return a task's card as a socket tells it."""
    return str(card_of(view))

"""What tasks to come are to be, as a form asks it: for schedules and for hooks."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.template import TaskTemplate
from callboard.domain.workflow import Priority
from callboard.engine.authority import may
from callboard.usecases.checked import checked
from callboard.usecases.people import list_people
from callboard.usecases.workflows import list_workflows
from callboard.web.forms import Fields, Typed
from callboard.web.render.words import digits
from callboard.web.visit import Visit

PRIORITIES: Final[tuple[Priority, ...]] = ("urgent", "high", "normal", "low")
FIELDS: Final = (
    "title", "brief", "criteria", "labels", "priority", "owner", "budget", "workflow", "repository",
)  # fmt: skip
LABELS: Final = {
    "title": "Title of its tasks",
    "brief": "What whoever does it should know",
    "criteria": "It is done when",
}


@dataclass(frozen=True, slots=True)
class TaskChoices:
    """What can be chosen for tasks to come."""

    people: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    workflows: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def priorities(self) -> list[tuple[str, str]]:
        """All priorities, as choices."""
        return [(one, one.capitalize()) for one in PRIORITIES]


async def task_choices(at: Visit) -> TaskChoices:
    """Return what can be chosen by whoever looks."""
    found = await list_people(at.app, at.who) if may(at.who, "org.read") else []
    people = [(f"person:{one.id}", one.name) for one in found if one.active]
    flows = await list_workflows(at.app, at.who) if may(at.who, "workflow.read") else []
    return TaskChoices(people, [(one.definition.id, one.definition.title) for one in flows])


def template_in(fields: Fields) -> TaskTemplate:
    """Return the template that a form holds.

    Raises:
        ConfigurationInvalid: a field does not fit.
    """
    return checked(
        TaskTemplate,
        title=fields.text("title"),
        brief=fields.raw("brief").strip(),
        criteria=fields.lines("criteria"),
        labels=tuple(dict.fromkeys(fields.text("labels").lower().replace(",", " ").split())),
        priority=fields.text("priority") or "normal",
        owner=fields.some("owner"),
        budget_usd=dollars_in(fields.text("budget")),
        workflow=fields.some("workflow"),
        repository=fields.some("repository"),
    )


def dollars_in(text: str) -> Decimal | None:
    """Return the amount that somebody typed; None where they typed none.

    Raises:
        ConfigurationInvalid: it is none.
    """
    if not text:
        return None
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise ConfigurationInvalid(
            f"the budget is an amount in US dollars, such as 5 or 2.50, not {text!r}"
        )
    return amount


def typed_of(template: TaskTemplate) -> Typed:
    """Return a template as somebody would have typed it."""
    return Typed(
        {
            "title": template.title,
            "brief": template.brief,
            "criteria": "\n".join(template.criteria),
            "labels": " ".join(template.labels),
            "priority": template.priority,
            "owner": template.owner or "",
            "budget": digits(template.budget_usd),
            "workflow": template.workflow or "",
            "repository": template.repository or "",
        }
    )

"""From a template to the wish for a task."""

from pydantic import JsonValue

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.template import TaskTemplate
from callboard.engine.placeholders import filled, filled_line
from callboard.usecases.tasks import NewTask

_TITLE = 300
_BRIEF = 100_000


def wish_of(template: TaskTemplate, value: JsonValue) -> NewTask:
    """Return what a template asks for, its places filled from a value.

    Raises:
        ConfigurationInvalid: its title comes to nothing.
    """
    title = filled_line(template.title, value, _TITLE)
    if not title:
        raise ConfigurationInvalid(f"nothing fills the title {template.title!r}")
    criteria = (filled_line(one, value, 1_000) for one in template.criteria)
    return NewTask(
        title=title,
        brief=filled(template.brief, value)[:_BRIEF],
        criteria=tuple(one for one in criteria if one),
        labels=template.labels,
        priority=template.priority,
        owner=template.owner,
        budget_usd=template.budget_usd,
        workflow=template.workflow,
        repository=template.repository,
    )

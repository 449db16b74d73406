"""What a task is to be that nobody writes down by hand."""

from typing import Annotated

from pydantic import Field

from callboard.domain.frozen import Frozen
from callboard.domain.org.task import Label
from callboard.domain.usage import Usd
from callboard.domain.workflow import Priority


class TaskTemplate(Frozen):
    """The fields of tasks to come. `title`, `brief` and `criteria` may hold places (`{{ path }}`) that are filled from
    what makes the task: a message's fields, or a schedule's `date` and `time`. The rest stands as it is: nothing
    from outside chooses a workflow, a repository, an owner or a budget.
    """

    title: Annotated[str, Field(min_length=1, max_length=300)]
    brief: Annotated[str, Field(max_length=50_000)] = ""
    criteria: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    labels: Annotated[tuple[Label, ...], Field(max_length=30)] = ()
    priority: Priority = "normal"
    owner: Annotated[str, Field(pattern=r"^person:[a-z0-9][a-z0-9._-]*$")] | None = None
    budget_usd: Usd | None = None
    workflow: str | None = None
    repository: str | None = None

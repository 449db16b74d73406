"""The pages of many tasks: the board and the list, narrowed alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, get_args
from urllib.parse import urlencode

from markupsafe import Markup

from callboard.domain.org.task import TaskState
from callboard.usecases.board import TasksWanted, TaskView
from callboard.usecases.board_columns import Choices, Column
from callboard.web.cards import cards_of, state_of
from callboard.web.page import Page
from callboard.web.render import words
from callboard.web.task_templates import PRIORITIES
from callboard.web.visit import Visit

_STATES: Final[tuple[TaskState, ...]] = get_args(TaskState)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of tasks is narrowed to, as the address says it."""

    text: str = ""
    label: str = ""
    owner: str = ""
    priority: str = ""
    state: str = ""
    workflow: str = ""

    @classmethod
    def of(cls, at: Visit) -> "Filters":
        """Return what the address asks for; what is none of ours is left out."""
        priority, state = at.query("priority"), at.query("state")
        return cls(
            at.query("q")[:200],
            at.query("label")[:50],
            at.query("owner")[:100],
            priority if priority in PRIORITIES else "",
            state if state in _STATES else "",
            at.query("workflow")[:64],
        )

    def wanted(self, space: str) -> TasksWanted:
        """Return the tasks that are asked for."""
        return TasksWanted(
            space=space or None,
            states=(self.state,) if self.state else (),
            labels=(self.label,) if self.label else (),
            owner=self.owner or None,
            text=self.text,
            priorities=(self.priority,) if self.priority else (),
            workflow=self.workflow or None,
        )

    def query(self, **more: str) -> str:
        """Return them as they stand in an address, with some more."""
        own = {
            "q": self.text,
            "label": self.label,
            "owner": self.owner,
            "priority": self.priority,
            "state": self.state,
            "workflow": self.workflow,
        }
        return urlencode({name: value for name, value in (own | more).items() if value})

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return self != Filters()


@dataclass(frozen=True, slots=True)
class FilteredTasks(Page):
    """Tasks, narrowed, and what they can be narrowed to."""

    section = "tasks"
    filters: Filters
    choices: Choices
    workflow_titles: Mapping[str, str]

    @property
    def title(self) -> str:
        """The heading."""
        return "Tasks"

    @property
    def views(self) -> list[tuple[str, str, str]]:
        """The ways to look at tasks."""
        return _views(self.filters)

    @property
    def priorities(self) -> Sequence[str]:
        """All priorities."""
        return PRIORITIES

    @property
    def owner_choices(self) -> list[tuple[str, str]]:
        """Who answers for tasks, as choices."""
        return [(one, one.partition(":")[2]) for one in self.choices.owners]

    @property
    def workflow_choices(self) -> list[tuple[str, str]]:
        """The workflows that tasks go through, as choices, where there are several."""
        named = [(one, self.workflow_titles.get(one, one)) for one in self.choices.workflows]
        return named if len(named) > 1 or self.filters.workflow else []


@dataclass(frozen=True, slots=True)
class BoardPage(FilteredTasks):
    """The board: columns of cards. `seq` is up to where it tells what happened."""

    template = "board.html"
    columns: Sequence[Column]
    total: int
    space: str
    seq: int

    @property
    def shown(self) -> int:
        """How many tasks are in its columns: what is cancelled is in none."""
        return sum(column.total for column in self.columns)

    @property
    def states(self) -> list[tuple[str, str]]:
        """None to choose from: the columns tell states apart."""
        return []

    @property
    def topic(self) -> str:
        """What a socket is asked for to keep the board up to date; empty: it is not narrowed to one space."""
        return f"board:{self.space}" if self.space and not self.filters.any else ""

    def cards(self, column: Column) -> Markup:
        """Return the cards of a column."""
        return cards_of(column.views)

    def more_href(self, column: Column) -> str:
        """Return where all tasks of a column are listed, of which only the last are shown."""
        return "/tasks?" + replace(self.filters, state=column.id).query(view="list")


@dataclass(frozen=True, slots=True)
class TasksPage(FilteredTasks):
    """Tasks as a list, the newest first."""

    template = "tasks.html"
    found: Sequence[TaskView]
    older_href: str

    @property
    def states(self) -> list[tuple[str, str]]:
        """All states, as choices."""
        return [(one, one.replace("_", " ").capitalize()) for one in _STATES]

    def state(self, view: TaskView) -> tuple[str, str]:
        """Return a task's state word's class and the word."""
        return state_of(view)

    def cost(self, view: TaskView) -> str:
        """Return what a task cost."""
        return words.bill(view.bill)


def _views(filters: Filters) -> list[tuple[str, str, str]]:
    plain, listed = filters.query(), filters.query(view="list")
    return [(f"/tasks{'?' if plain else ''}{plain}", "Board", ""), (f"/tasks?{listed}", "List", "")]

"""Pages: what a screen is given, typed, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from callboard.domain.actor import Actor
from callboard.domain.org.principal import Principal, Resource
from callboard.domain.org.space import Space
from callboard.engine.authority import Action, may

Section = Literal[
    "home",
    "inbox",
    "tasks",
    "runs",
    "workflows",
    "agents",
    "templates",
    "dashboards",
    "spaces",
    "schedules",
    "webhooks",
    "models",
    "credentials",
    "people",
    "tokens",
    "audit",
    "settings",
    "search",
    "",
]
Theme = Literal["light", "dark", "system"]
THEMES: Final[tuple[Theme, ...]] = ("system", "light", "dark")


class Page:
    """What one screen shows: a frozen dataclass whose fields its template reads as `page.…`. A subclass names
    its template under `templates/pages/`, the section of the navigation that it belongs to, and how it is called.
    """

    __slots__ = ()
    template: ClassVar[str]
    section: ClassVar[Section] = ""
    secret: ClassVar[bool] = False
    """Whether it shows what is shown once: browsers are not to keep it."""

    @property
    def title(self) -> str:
        """What the page is called: its heading."""
        raise NotImplementedError

    @property
    def full_title(self) -> str:
        """What the tab of the browser says: the title, and which side of a thing is shown where it has several."""
        return self.title


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around every page: who looks at it, where they may go, and what their forms bear.

    `space` is the one that they look at (empty: all), `waiting` how many things wait for them, `working` how many
    agents work in what they see. `said` is the result of what they did last.
    """

    who: Principal
    name: str
    way: Literal["token", "session", "local"]
    theme: Theme
    keys: bool
    spaces: Sequence[Space]
    space: str
    waiting: int
    working: int
    said: str
    here: str
    section: Section
    token: str
    once: str
    version: str

    def may(self, action: Action, space: str | None = None) -> bool:
        """Return whether whoever looks may take an action, on the organisation or in a space."""
        return may(self.who, action, Resource(space=space))

    def may_somewhere(self, action: Action) -> bool:
        """Return whether they may take it anywhere at all."""
        return self.may(action) or any(self.may(action, one.id) for one in self.spaces)

    def is_me(self, actor: Actor) -> bool:
        """Return whether somebody is who looks."""
        return actor == self.who.actor

    def space_called(self, space: str) -> str:
        """Return the name of a space; of one that they do not see, its short name."""
        return next((one.name for one in self.spaces if one.id == space), space)

    @property
    def space_name(self) -> str:
        """The name of the space that they look at."""
        return next((one.name for one in self.spaces if one.id == self.space), "All spaces")

    @property
    def role(self) -> str:
        """What they are to the organisation, for people."""
        return (self.who.role or "guest").capitalize()

"""What is shown before anybody is known, and where something could not be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callboard.web.page import Page


@dataclass(frozen=True, slots=True)
class Refused(Page):
    """What could not be done, and how to go on."""

    template = "refused.html"
    heading: str
    detail: str
    status: int
    reference: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return self.heading


@dataclass(frozen=True, slots=True)
class Kept(Page):
    """A form that arrived when nobody was signed in, or from a page of an earlier session: nothing of it is lost."""

    template = "kept.html"
    path: str
    typed: Sequence[tuple[str, str]]
    left_out: Sequence[str]

    @property
    def title(self) -> str:
        """The heading."""
        return "Send what you typed?"


@dataclass(frozen=True, slots=True)
class SignIn(Page):
    """Where somebody says who they are. `kept` is a form that waits for it."""

    template = "sign_in.html"
    next: str
    name: str = ""
    wrong: str = ""
    openid: bool = False
    kept: Mapping[str, str] | None = None

    @property
    def title(self) -> str:
        """The heading."""
        return "Sign in"


@dataclass(frozen=True, slots=True)
class SetUp(Page):
    """Where the first owner says who they are."""

    template = "setup.html"
    link: str
    id: str = ""
    name: str = ""
    email: str = ""
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "The first owner"

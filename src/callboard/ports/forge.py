"""The forge: where a finished change is handed on to, beyond the branch in its repository."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is a commit on a branch of a repository, with what it is called and what is said of it."""

    repository: str
    branch: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Landed:
    """What came of it: where it can be seen, or why it did not come about."""

    url: str | None = None
    problem: str | None = None


class Forge(Protocol):
    """Hands changes on, such as by pushing a branch and opening a pull request."""

    async def land(self, change: Change) -> Landed:
        """Hand a change on. Doing it again for the same branch must be harmless: nobody knows after a crash whether
        it was done. Never raises.
        """
        ...

"""Keeping the tables of a database as this code needs them."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SchemaStanding:
    """How a database stands: its revision (None: it is empty) beside the newest that this code knows and the oldest that
    it can work with; `problem` says why this code cannot use it, and the way out.
    """

    place: str
    engine: str
    revision: str | None
    newest: str
    needed: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Upgraded:
    """Revisions that were applied, and those that wait until no process of older code is at work."""

    applied: tuple[str, ...]
    waiting: tuple[str, ...] = ()


class SchemaKeeper(Protocol):
    """The tables of one database."""

    async def standing(self) -> SchemaStanding:
        """Look, and change nothing.

        Raises:
            ConfigurationInvalid: the database cannot be used at all.
            LogError: it cannot be reached.
        """
        ...

    async def upgrade(self) -> Upgraded:
        """Bring the tables as far as the processes at work allow. Safe to do twice, and by several at once.

        Raises:
            ConfigurationInvalid: it cannot be done; nothing is changed.
        """
        ...

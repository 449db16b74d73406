"""What reading definitions gives."""

from dataclasses import dataclass

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import Problem


@dataclass(frozen=True, slots=True)
class LoadedDefinition:
    """A definition, the file that it came from, and what deserves a look in it."""

    definition: AgentDefinition
    file: str
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The definitions of a file or a folder.

    `skipped` are the files that hold no definition, each with the reason. `broken_ids` are the ids that
    broken definitions claim: nobody else's definition may take their place unnoticed.
    """

    definitions: tuple[LoadedDefinition, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: tuple[Problem, ...] = ()
    broken_ids: frozenset[str] = frozenset()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The warnings of all definitions."""
        return tuple(warning for loaded in self.definitions for warning in loaded.warnings)

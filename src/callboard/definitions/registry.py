"""Agents from several places, the nearest first."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, Self

from callboard.definitions.catalogue import Catalogue, LoadedDefinition
from callboard.definitions.folder import load_folder
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.references import AgentReference, parse_reference
from callboard.domain.errors import DefinitionInvalid, Problem
from callboard.ports.programs import Evaluator

TEMPLATES: Final = Path(__file__).parent / "templates" / "agents"


class FolderRegistry:
    """`callboard.ports.registry.AgentRegistry` over catalogues; an earlier one hides later ones."""

    def __init__(self, catalogues: Sequence[Catalogue]) -> None:
        self._catalogues = tuple(catalogues)

    @classmethod
    def open(
        cls,
        folders: Sequence[Path],
        tools: Collection[str],
        *,
        user_folder: Path | None = None,
        templates: Path | None = TEMPLATES,
        evaluator: Evaluator | None = None,
    ) -> Self:
        """Read the folders in the order of their precedence, then the user's own, then what is shipped."""
        places = [*folders, *([] if user_folder is None else [user_folder])]
        catalogues = [load_folder(place, tools, evaluator=evaluator) for place in places]
        if templates is not None:
            catalogues.append(load_folder(templates, tools, shown_as="built in"))
        return cls(catalogues)

    def get(self, reference: str) -> AgentDefinition | None:
        """Return the agent for `id`, `publisher/id`, `publisher/id@version`, or None.

        Raises:
            DefinitionInvalid: the nearest file with this id is broken. Running a namesake from further
                away would be a surprise.
        """
        wanted = parse_reference(reference)
        if wanted is None:
            return None
        for catalogue in self._catalogues:
            for loaded in catalogue.definitions:
                if _meets(loaded.definition, wanted):
                    return loaded.definition
            if wanted.id in catalogue.broken_ids:
                raise DefinitionInvalid(catalogue.problems)
        return None

    def all(self) -> tuple[AgentDefinition, ...]:
        """Return all agents, sorted by id."""
        return tuple(loaded.definition for loaded in self.loaded())

    def loaded(self) -> tuple[LoadedDefinition, ...]:
        """Return all agents with their files and warnings, sorted by id."""
        nearest: dict[str, LoadedDefinition] = {}
        for catalogue in self._catalogues:
            for loaded in catalogue.definitions:
                nearest.setdefault(loaded.definition.id, loaded)
        return tuple(nearest[agent_id] for agent_id in sorted(nearest))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong, nearest folder first."""
        return tuple(problem for one in self._catalogues for problem in one.problems)

    @property
    def skipped(self) -> tuple[Problem, ...]:
        """The files that were not read, each with the reason."""
        return tuple(problem for one in self._catalogues for problem in one.skipped)


def _meets(definition: AgentDefinition, wanted: AgentReference) -> bool:
    return (
        definition.id == wanted.id
        and wanted.publisher in {None, definition.publisher}
        and wanted.version in {None, "latest", definition.version}
    )

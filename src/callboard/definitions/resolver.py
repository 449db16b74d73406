"""Agents by reference, wherever they are: in folders, published, or shipped."""

from collections.abc import Sequence

from callboard.definitions.catalogue import Catalogue, LoadedDefinition
from callboard.definitions.registry import FolderRegistry
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.references import AgentReference, parse_reference
from callboard.ports.releases import Release, Releases

SHIPPED_AS = frozenset({"callboard", "codebuff"})
"""The publishers under whose names shipped agents are found, whatever version is asked for."""


class AgentResolver:
    """`callboard.ports.registry.AgentRegistry`: given ones first, then own folders,
    then releases, then what is shipped.
    """

    def __init__(
        self,
        own: FolderRegistry,
        releases: Releases,
        shipped: FolderRegistry,
        given: Sequence[AgentDefinition] = (),
    ) -> None:
        loaded = tuple(LoadedDefinition(one, "given") for one in given)
        self._given = FolderRegistry((Catalogue(loaded),))
        self._own = own
        self._releases = releases
        self._shipped = shipped

    async def get(self, reference: str) -> AgentDefinition | None:
        """See `ports.registry.AgentRegistry`."""
        wanted = parse_reference(reference)
        if wanted is None:
            return None
        own = self._given.get(reference) or self._own.get(reference)
        if own is not None:
            return own
        release = await self._release(wanted)
        return release.definition if release is not None else self._shipped_one(wanted)

    async def _release(self, wanted: AgentReference) -> Release | None:
        return await self._releases.find(
            wanted.id, publisher=wanted.publisher, version=wanted.version
        )

    def _shipped_one(self, wanted: AgentReference) -> AgentDefinition | None:
        if wanted.publisher in SHIPPED_AS:
            return self._shipped.get(wanted.id)
        return self._shipped.get(str(wanted))

    async def all(self) -> tuple[AgentDefinition, ...]:
        """See `ports.registry.AgentRegistry`."""
        found = {agent.id: agent for agent in self._shipped.all()}
        found |= {release.id: release.definition for release in await self._releases.latest()}
        found |= {agent.id: agent for agent in (*self._own.all(), *self._given.all())}
        return tuple(found[name] for name in sorted(found))

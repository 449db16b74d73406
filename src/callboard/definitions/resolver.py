"""Agents by reference, wherever they are: in folders, published, or shipped."""

import asyncio
from collections.abc import Callable, Sequence

from callboard.definitions.catalogue import Catalogue, LoadedDefinition
from callboard.definitions.registry import FolderRegistry
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.references import AgentReference, parse_reference
from callboard.domain.org.space import is_space_id
from callboard.ports.registry import RosterAgents
from callboard.ports.releases import Release, Releases

SHIPPED_AS = frozenset({"callboard", "codebuff"})
"""The publishers under whose names shipped agents are found, whatever version is asked for."""


class _Later:
    """A registry that is read when it is first needed, off the event loop: reading may mean evaluating."""

    def __init__(self, read: Callable[[], FolderRegistry]) -> None:
        self._read = read
        self._reading = asyncio.Lock()
        self._registry: FolderRegistry | None = None

    async def get(self) -> FolderRegistry:
        """Return the registry."""
        async with self._reading:
            if self._registry is None:
                self._registry = await asyncio.to_thread(self._read)
            return self._registry


class AgentResolver:
    """`callboard.ports.registry.AgentRegistry`: given ones first, then own folders, then the roster, then releases,
    then what is shipped. In a space the roster comes first.

    Args:
        own: reads the folders; called once, and not before an agent is asked for.
        releases: what is published.
        shipped: reads what is shipped; as `own`.
        given: agents that a program brings along.
        roster: the agents of the organisation; None: it keeps none.
    """

    def __init__(
        self,
        own: Callable[[], FolderRegistry],
        releases: Releases,
        shipped: Callable[[], FolderRegistry],
        given: Sequence[AgentDefinition] = (),
        roster: RosterAgents | None = None,
    ) -> None:
        loaded = tuple(LoadedDefinition(one, "given") for one in given)
        self._given = FolderRegistry((Catalogue(loaded),))
        self._own = _Later(own)
        self._releases = releases
        self._shipped = _Later(shipped)
        self._roster = roster

    async def get(self, reference: str, *, space: str = "") -> AgentDefinition | None:
        """See `ports.registry.AgentRegistry`."""
        wanted = parse_reference(reference)
        if wanted is None:
            return None
        in_space = is_space_id(space)
        found = await self._cast(wanted, space) if in_space else None
        found = found or self._given.get(reference) or (await self._own.get()).get(reference)
        if found is None and not in_space:
            found = await self._cast(wanted, "")
        return found or await self._public(wanted)

    async def _cast(self, wanted: AgentReference, space: str) -> AgentDefinition | None:
        return None if self._roster is None else await self._roster.playing(wanted, space)

    async def _public(self, wanted: AgentReference) -> AgentDefinition | None:
        release = await self._release(wanted)
        return release.definition if release is not None else await self._shipped_one(wanted)

    async def _release(self, wanted: AgentReference) -> Release | None:
        return await self._releases.find(
            wanted.id, publisher=wanted.publisher, version=wanted.version
        )

    async def _shipped_one(self, wanted: AgentReference) -> AgentDefinition | None:
        name = wanted.id if wanted.publisher in SHIPPED_AS else str(wanted)
        return (await self._shipped.get()).get(name)

    async def all(self) -> tuple[AgentDefinition, ...]:
        """See `ports.registry.AgentRegistry`."""
        own, shipped = await self._own.get(), await self._shipped.get()
        found = {agent.id: agent for agent in shipped.all()}
        found |= {release.id: release.definition for release in await self._releases.latest()}
        found |= {agent.id: agent for agent in (*own.all(), *self._given.all())}
        return tuple(found[name] for name in sorted(found))

"""Published definitions: immutable versions under a publisher's name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition


@dataclass(frozen=True, slots=True)
class Release:
    """One published version. `definition` has publisher and version set and its spawnable agents pinned;
    `digest` is its digest. A `yanked` release is found by its exact version only.
    """

    publisher: str
    id: str
    version: str
    digest: str
    definition: AgentDefinition
    actor: Actor
    published_at: datetime
    note: str = ""
    yanked: bool = False

    @property
    def reference(self) -> str:
        """The fully qualified reference."""
        return f"{self.publisher}/{self.id}@{self.version}"


class Releases(Protocol):
    """All releases of this deployment."""

    async def publish(self, releases: Sequence[Release]) -> None:
        """Store several releases, all or none of them.

        Raises:
            VersionTaken: a version is there already, or is not greater than the latest. Of two publishers
                of the same version one wins.
        """
        ...

    async def find(
        self, agent_id: str, *, publisher: str | None = None, version: str | None = None
    ) -> Release | None:
        """Return a release. Without a version the latest that is not yanked; without a publisher only where
        one publisher alone has an agent of this id.
        """
        ...

    async def versions(self, publisher: str, agent_id: str) -> list[Release]:
        """Return all releases of an agent, the latest first."""
        ...

    async def latest(self) -> list[Release]:
        """Return the latest release of each agent, sorted by publisher and id; yanked ones left out."""
        ...

    async def yank(self, publisher: str, agent_id: str, version: str) -> bool:
        """Take a release out of circulation; return whether there was one. Runs that use it go on."""
        ...

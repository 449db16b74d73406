"""What every use case works with."""

from dataclasses import dataclass

from callboard.domain.actor import Actor
from callboard.domain.errors import UserMistake
from callboard.engine.authority import Action, may
from callboard.ports.clock import IdSource
from callboard.ports.releases import Releases
from callboard.ports.vault import Vault
from callboard.runtime.driver import Driver
from callboard.runtime.ports import Ports


class NotAllowed(UserMistake):
    """The actor may not do this."""

    code = "not_allowed"


@dataclass(frozen=True, slots=True)
class App:
    """A running Callboard: its ports, its driver, and where it keeps private copies of repositories."""

    ports: Ports
    driver: Driver
    releases: Releases
    vault: Vault
    ids: IdSource
    copies: str

    async def close(self) -> None:
        """Finish what is pending and let go of everything."""
        await self.driver.close()
        await self.ports.programs.close()
        await self.ports.models.close()
        await self.ports.store.close()


def require(actor: Actor, action: Action) -> None:
    """Refuse an action that the actor may not take.

    Raises:
        NotAllowed: it may not.
    """
    if not may(actor, action):
        raise NotAllowed(f"{actor.kind} {actor.name} may not {action}")

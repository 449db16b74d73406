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
from callboard.usecases.proof import Proof


class NotAllowed(UserMistake):
    """The actor may not do this."""

    code = "not_allowed"


@dataclass(frozen=True, slots=True)
class App:
    """A running Callboard: its ports, its driver, where it keeps private copies of repositories, and what it
    proves its runs with. `engine` is the version of what keeps the log, for people to read.
    """

    ports: Ports
    driver: Driver
    releases: Releases
    vault: Vault
    ids: IdSource
    copies: str
    proof: Proof | None = None
    engine: str = ""

    async def close(self) -> None:
        """Finish what is pending and let go of everything."""
        await self.driver.close()
        await self.ports.programs.close()
        await self.ports.models.close()
        if self.proof is not None:
            await self.proof.close()
        await self.ports.store.close()


def require(actor: Actor, action: Action) -> None:
    """Refuse an action that the actor may not take.

    Raises:
        NotAllowed: it may not.
    """
    if not may(actor, action):
        raise NotAllowed(f"{actor.kind} {actor.name} may not {action}")

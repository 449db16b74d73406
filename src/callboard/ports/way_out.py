"""The way out of a jail: what commands may reach, and what they tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Visit:
    """What commands reached, or tried to reach.

    Attributes:
        place: `host:port`, or what was asked for in other words where it was no host.
        times: how often.
        refused: why it was refused, in words; empty where it was reached.
    """

    place: str
    times: int = 1
    refused: str = ""


class OpenWay(Protocol):
    """The way out of one jail, while that lasts."""

    def visits(self) -> Sequence[Visit]:
        """Return what was tried since this was asked for last. Bounded, whatever the commands do."""
        ...

    async def close(self) -> None:
        """End it and every connection through it. Idempotent."""
        ...


class WayOut(Protocol):
    """Opens ways out of jails, to the hosts that the deployment lists and to nothing else."""

    @property
    def places(self) -> str:
        """What may be reached, as people read it: `host:port`, comma separated."""
        ...

    async def open(self, listening: int) -> OpenWay:
        """Serve a listening stream socket of a jail, given as a descriptor, as a proxy for HTTP.

        The descriptor belongs to the way from now on.
        """
        ...

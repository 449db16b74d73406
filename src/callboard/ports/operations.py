"""What whoever operates a deployment asks its database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from callboard.ports.examination import Finding


@dataclass(frozen=True, slots=True)
class Load:
    """How much there is to do, in the whole deployment.

    `runs` counts open runs by kind and status, `waiting_for_people` the whole runs that go on when somebody decides,
    `queued` the tasks that wait to begin, `under_way` those that have begun.
    """

    runs: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    waiting_for_people: int = 0
    queued: int = 0
    under_way: int = 0


class Operations(Protocol):
    """Questions that cost little, whatever the deployment holds."""

    async def load(self) -> Load:
        """Return how much there is to do. It may be some seconds old.

        Raises:
            CallboardError: the database cannot be asked.
        """
        ...

    async def check(self) -> None:
        """Return where the database answers and this code can work with its schema.

        Raises:
            CallboardError: it does not, or cannot; says which.
        """
        ...

    async def examine(self, now: Callable[[], datetime]) -> Sequence[Finding]:
        """Return what is to be known of the server behind the database; nothing where there is none. `now` is the clock
        of this machine, to be compared with the server's.

        Raises:
            CallboardError: the database cannot be asked.
        """
        ...

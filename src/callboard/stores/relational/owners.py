"""Who drives runs: processes, each under a name of its own."""

from typing import Protocol

from callboard.stores.relational.session import Session


class Owners(Protocol):
    """This process as an owner of runs, and what is known of the others."""

    @property
    def name(self) -> str:
        """The name of this process, which no other one ever has."""
        ...

    def is_alive(self, session: Session, name: str) -> bool:
        """Return whether the process that owns under this name still holds what it owns."""
        ...

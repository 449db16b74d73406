"""Watching for signals without asking the tables again and again."""

from collections.abc import Sequence
from typing import Protocol

from callboard.ports.event_store import Signal
from callboard.stores.relational.session import Session


class Watch(Protocol):
    """Pending signals, read again only where something may have changed."""

    def pending(self, session: Session, run_ids: Sequence[str]) -> list[Signal]:
        """Return the signals of these runs that are not consumed, oldest first."""
        ...

    def changes(self) -> int:
        """Return a number that is another one once another process has written anything, as far as that was heard; without
        waiting for anything. After `close` it stays as it was.
        """
        ...

    def close(self) -> None:
        """Let go of what it watches with."""
        ...

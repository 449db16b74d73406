"""Watching for signals: a question at each look, a fifth of a millisecond that nothing can make stale."""

import json
from collections.abc import Callable, Sequence

from callboard.ports.event_store import Signal
from callboard.stores.relational.rows import signal_of
from callboard.stores.relational.session import Session


class AskingWatch:
    """`callboard.stores.relational.watch.Watch` for many processes. `heard` counts what they tell each other."""

    def __init__(self, heard: Callable[[], int]) -> None:
        self._heard = heard

    def pending(self, session: Session, run_ids: Sequence[str]) -> list[Signal]:
        """See `Watch`."""
        named = {"run_ids": json.dumps(list(run_ids))}
        return [signal_of(record) for record in session.execute(session.sql.SIGNALS, named)]

    def changes(self) -> int:
        """See `Watch`."""
        return self._heard()

    def close(self) -> None:
        """See `Watch`: there is nothing to let go of."""

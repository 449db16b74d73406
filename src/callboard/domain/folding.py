"""Folding a log, whatever kind of run it is about."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import Recorded

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Folding(Generic[S]):
    """How a kind of run folds: the state after its first event, and after each further one."""

    begin: Callable[[Recorded], S]
    evolve: Callable[[S, Recorded], S]

    def fold(self, events: Iterable[Recorded]) -> S:
        """Return the state that a log adds up to.

        Raises:
            LogCorrupt: the log is empty, or does not begin as this kind of run does.
        """
        iterator = iter(events)
        first = next(iterator, None)
        if first is None:
            raise LogCorrupt("the log is empty")
        state = self.begin(first)
        for recorded in iterator:
            state = self.evolve(state, recorded)
        return state

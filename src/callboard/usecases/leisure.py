"""How much of a worker's time goes into looking for work: a part of it, saved up for when there is something to see."""

from typing import Final

_SHARE: Final = 4
"""For every second of looking so many are not spent with it."""

_SAVED_S: Final = 0.1
"""For how long it may look without a break, where it had leisure before."""


class Leisure:
    """What is left of the time for looking. Whoever looked more than they had saved rests until they made up for it."""

    def __init__(self, now: float) -> None:
        self._saved_s = _SAVED_S
        self._at = now

    def rest_s(self, now: float, took_s: float, most_s: float) -> float:
        """Return how long to rest, in seconds, after a look that took so long and ended at `now`; `most_s` at most, after
        which what is still missing is forgiven.
        """
        idle_s = max(0.0, now - self._at - took_s)
        self._at = now
        self._saved_s = min(_SAVED_S, self._saved_s + idle_s / _SHARE) - took_s
        rest_s = min(max(0.0, -self._saved_s * _SHARE), most_s)
        self._saved_s = max(self._saved_s, -rest_s / _SHARE)
        return rest_s

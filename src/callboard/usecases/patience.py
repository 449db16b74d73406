"""Which runs were tried a moment ago: what came to nothing is not tried again at once, what fails ever more rarely."""

from callboard.ports.clock import Clock

_LONGEST_S = 600.0
_LONGEST_AWAY_S = 60.0


class Patience:
    """Remembers for a while that a run was tried."""

    def __init__(self, clock: Clock, first_s: float) -> None:
        self._clock = clock
        self._first_s = first_s
        self._tried: dict[str, float] = {}
        self._held: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._away: dict[str, int] = {}

    def tried(self, run_id: str) -> None:
        """Remember that a run was tried: nobody tries it again at once without need."""
        self._tried[run_id] = self._clock.monotonic() + self._first_s

    def hold(self, run_id: str, seconds: float) -> None:
        """Let nobody try a run for a while, whatever the need."""
        self._held[run_id] = self._clock.monotonic() + seconds

    def failed(self, run_id: str) -> bool:
        """Remember that a run could not be driven, and hold it ever longer; return whether that is news."""
        times = self._failures.get(run_id, 0) + 1
        self._failures[run_id] = times
        self.hold(run_id, min(_LONGEST_S, self._first_s * 2.0 ** min(times - 1, 20)))
        return times == 1

    def was_away(self, run_id: str) -> None:
        """Remember that what a run had to say could not be stored, and hold it a little longer each time: what was asked of
        a model and could not be kept is asked, and paid, again.
        """
        times = self._away.get(run_id, 0) + 1
        self._away[run_id] = times
        self.hold(run_id, min(_LONGEST_AWAY_S, 2.0 ** min(times - 1, 20)))

    def went_on(self, run_id: str) -> None:
        """Forget the failures of a run that was driven."""
        self._failures.pop(run_id, None)
        self._away.pop(run_id, None)
        self._held.pop(run_id, None)

    def allows(self, run_id: str, *, needed: bool) -> bool:
        """Return whether a run may be tried. `needed`: there is something for it to do, for all that is known."""
        return self._is_over(self._held, run_id) and (needed or self._is_over(self._tried, run_id))

    def _is_over(self, times: dict[str, float], run_id: str) -> bool:
        until = times.get(run_id)
        if until is not None and self._clock.monotonic() < until:
            return False
        times.pop(run_id, None)
        return True

"""What commands reached, or tried to reach, kept until somebody asks. Bounded."""

from callboard.ports.way_out import Visit

_MOST_PLACES = 30
_OTHERS = "others"


class Visits:
    """Counts by place and by what became of it."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], int] = {}

    def reached(self, place: str) -> None:
        """Keep that a request went on to `host:port`."""
        self._count(place, "")

    def refused(self, place: str, why: str) -> None:
        """Keep that a request went nowhere, and why."""
        self._count(place, why)

    def taken(self) -> tuple[Visit, ...]:
        """Return all, the first first, and forget them."""
        taken, self._times = self._times, {}
        return tuple(Visit(place, times, why) for (place, why), times in taken.items())

    def _count(self, place: str, why: str) -> None:
        key = (place, why)
        if key not in self._times and len(self._times) >= _MOST_PLACES:
            key = (_OTHERS, "there are too many to name" if why else "")
        self._times[key] = self._times.get(key, 0) + 1

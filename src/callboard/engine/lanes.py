"""Who comes next of those that wait for a place: the spaces in turn, within a space the most urgent."""

import heapq
from collections.abc import Mapping
from datetime import datetime

from callboard.domain.submission import RANK, Submission

_Entry = tuple[int, int, str]


class Lanes:
    """Submissions that wait, a lane for each space. A run waits once: what is submitted again joins what waits.

    A place goes to the space with the fewest runs under way, of several to the one that was served least lately, so
    that a thousand submissions of one space keep no other out.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[int, Submission]] = {}
        self._lanes: dict[str, list[_Entry]] = {}
        self._later: list[tuple[datetime, int, str]] = []
        self._served: dict[str, int] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, submission: Submission) -> None:
        """Let a submission wait."""
        known = self._waiting.get(submission.run_id)
        joined = submission if known is None else known[1].joined(submission)
        if known is not None and joined == known[1]:
            return
        self._number += 1
        self._waiting[submission.run_id] = (self._number, joined)
        if joined.not_before is None:
            self._line_up(self._number, joined)
        else:
            heapq.heappush(self._later, (joined.not_before, self._number, joined.run_id))

    def next(self, now: datetime, busy: Mapping[str, int]) -> Submission | None:
        """Take out whoever comes next, or return None where nobody's time has come. `busy` counts the runs under way
        by space.
        """
        self._ripen(now)
        spaces = [space for space in tuple(self._lanes) if self._tidied(space)]
        if not spaces:
            return None
        space = min(spaces, key=lambda name: (busy.get(name, 0), self._served.get(name, 0)))
        _, _, run_id = heapq.heappop(self._lanes[space])
        self._number += 1
        self._served[space] = self._number
        return self._waiting.pop(run_id)[1]

    def due_at(self) -> datetime | None:
        """Return when the time of the first one comes that has to wait for it."""
        while self._later and not self._stands(self._later[0][1], self._later[0][2]):
            heapq.heappop(self._later)
        return self._later[0][0] if self._later else None

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()
        self._lanes.clear()
        self._later.clear()
        self._served.clear()

    def _line_up(self, number: int, submission: Submission) -> None:
        entry = (RANK[submission.priority], number, submission.run_id)
        heapq.heappush(self._lanes.setdefault(submission.space, []), entry)

    def _ripen(self, now: datetime) -> None:
        while (due := self.due_at()) is not None and due <= now:
            _, number, run_id = heapq.heappop(self._later)
            self._line_up(number, self._waiting[run_id][1])

    def _tidied(self, space: str) -> bool:
        """Drop what does not wait any more from the head of a lane; return whether anybody is left in it."""
        lane = self._lanes[space]
        while lane and not self._stands(lane[0][1], lane[0][2]):
            heapq.heappop(lane)
        if not lane:
            del self._lanes[space]
            self._served.pop(space, None)
        return bool(lane)

    def _stands(self, number: int, run_id: str) -> bool:
        known = self._waiting.get(run_id)
        return known is not None and known[0] == number

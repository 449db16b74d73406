"""Taking seats: of two workers that want the last one at the same moment, one gets it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from callboard.domain.errors import RecordConflict
from callboard.domain.org.seat import SEATS, Seat
from callboard.domain.record import Kept
from callboard.ports.clock import Clock
from callboard.ports.event_store import EventStore
from callboard.ports.records import Records, Wanted

_BEGINS_WITHIN: Final = timedelta(minutes=1)
"""How long a seat is kept for a run that is not there yet; if its worker died, the run takes it again."""


@dataclass(frozen=True, slots=True)
class Cap:
    """How many seats there are, and whose: `agent:ID` or `provider:NAME`."""

    of: str
    seats: int


@dataclass(frozen=True, slots=True)
class Seats:
    """All seats of a deployment, in its records."""

    records: Records
    store: EventStore
    clock: Clock

    async def take(self, caps: Sequence[Cap], run_id: str) -> Cap | None:
        """Take a seat of each cap for a run, or none at all; return the cap that is full. Taking what the run has
        already changes nothing.
        """
        taken: list[str] = []
        for cap in caps:
            key = await self._taken(cap, run_id)
            if key is None:
                await self._give_back(taken, run_id)
                return cap
            taken.append(key)
        return None

    async def _taken(self, cap: Cap, run_id: str) -> str | None:
        while True:
            there = await self.records.find(SEATS, Wanted(prefix=f"{cap.of}/"))
            own = next((one for one in there if one.value.run_id == run_id), None)
            if own is not None:
                return own.value.key
            number, over = await self._free(cap, there)
            if number is None:
                return None
            seat = Seat(of=cap.of, number=number, run_id=run_id, at=self.clock.now())
            try:
                await self.records.keep([SEATS.put(seat, over=over)])
            except RecordConflict:  # somebody was faster; look again
                continue
            return seat.key

    async def _free(
        self, cap: Cap, there: Sequence[Kept[Seat]]
    ) -> tuple[int, Kept[Seat] | None] | tuple[None, None]:
        by_number = {one.value.number: one for one in there}
        for number in range(1, cap.seats + 1):
            kept = by_number.get(number)
            if kept is None or not await self._is_in_use(kept.value):
                return number, kept
        return None, None

    async def _is_in_use(self, seat: Seat) -> bool:
        row = await self.store.row(seat.run_id)
        if row is None:
            return self.clock.now() - seat.at < _BEGINS_WITHIN
        return row.status == "running"

    async def _give_back(self, keys: Sequence[str], run_id: str) -> None:
        for key in keys:
            kept = await self.records.get(SEATS, key)
            if kept is not None and kept.value.run_id == run_id:
                await self.records.keep([SEATS.remove(kept)])

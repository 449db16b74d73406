"""Seats: how many runs of an agent, or on a provider, may be under way at a time, as places that are taken."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from callboard.domain.frozen import Frozen
from callboard.domain.record import Kind


class Seat(Frozen):
    """A place, and the run that took it. `of` is whose it is: `agent:ID` or `provider:NAME`. It is free again when its
    run does not work any more.
    """

    of: Annotated[str, Field(pattern=r"^(agent|provider):.+$", max_length=200)]
    number: Annotated[int, Field(ge=1, le=1000)]
    run_id: str
    at: datetime

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.of}/{self.number:04d}"


SEATS: Final = Kind("seat", Seat, key=lambda seat: seat.key, audited=False)

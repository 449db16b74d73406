"""Where a run was begun that belongs to no task, as far as that decides who may go on with it."""

from typing import Final

from callboard.domain.frozen import Frozen
from callboard.domain.record import Kind


class RunOrigin(Frozen):
    """The machine's note on a root run that has not ended.

    `place` names the home in whose directory it works, empty where there is only one. `brings`: whoever began it brought
    agents, tools or providers along, and only a program with the same ones can go on with it. `handed_on`: a process that
    serves others let go of it, so that any worker may take it up.
    """

    run_id: str
    place: str = ""
    brings: bool = False
    handed_on: bool = False


HANDED_ON: Final = "handed_on"
RUN_ORIGINS: Final = Kind(
    "run_origin",
    RunOrigin,
    key=lambda origin: origin.run_id,
    state=lambda origin: HANDED_ON if origin.handed_on else "held",
    audited=False,
)

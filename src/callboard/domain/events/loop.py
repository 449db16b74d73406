"""A run that goes round in circles."""

from typing import Literal

from callboard.domain.events.event import Event

LoopKind = Literal["same_call", "alternating_calls", "no_new_evidence", "spend_without_change"]


class LoopDetected(Event):
    """The run does the same things over and over. `actions` are the last of them, side by side.

    `stage`: the model was `warned`, or, as it went on, the run is `stopped` (where nobody is to be asked).
    """

    type: Literal["loop.detected"] = "loop.detected"
    kind: LoopKind
    stage: Literal["warned", "stopped"]
    turn: int
    since_turn: int
    actions: tuple[str, ...]

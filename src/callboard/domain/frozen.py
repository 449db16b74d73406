"""The one configuration that every stored value shares, and a quick way to change a state."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict

S = TypeVar("S")


def changed(state: S, **fields: object) -> S:
    """Return a copy of a frozen dataclass (one without slots) with some fields changed.

    `dataclasses.replace` passes every field through `__init__`: with the thirty fields of a run's state
    that was a tenth of what a turn costs.
    """
    copy = object.__new__(type(state))
    copy.__dict__.update(state.__dict__, **fields)
    return copy


class Frozen(BaseModel):
    """An immutable value with no unknown fields: what is written is exactly what is declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")

"""The one configuration that every stored value shares, and a quick way to change a state."""

from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeVar, dataclass_transform

from pydantic import BaseModel, ConfigDict

S = TypeVar("S")


def changed(state: S, **fields: object) -> S:
    """Return a copy of a frozen dataclass (one without slots) with some fields changed.

    `dataclasses.replace` passes every field through `__init__`: with the thirty fields of a run's state
    that was a tenth of what a turn costs.
    """
    copy = _new(type(state))
    values = copy.__dict__
    values.update(state.__dict__)
    values.update(fields)
    return copy


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(made: type[S]) -> type[S]:
    """Make a dataclass whose values nobody changes, which the type checker sees to: for what every turn makes anew.

    `dataclass(frozen=True)` sees to it while the program runs as well: each field goes through
    `object.__setattr__`, and making a value takes four times as long.
    """
    return dataclass(unsafe_hash=True)(made)


M = TypeVar("M", bound=BaseModel)


def unchecked(model: type[M], /, **fields: object) -> M:
    """Return a value without looking at its fields, each of which must be there and valid already: sums of valid
    values, columns whose types were looked at. What pydantic's own `model_construct` does, at a quarter of its cost.
    """
    made = _new(model)
    _put_fields(made, fields)
    _put_named(made, _names(model))
    _put_extra(made, None)
    _put_private(made, None)
    return made


@cache
def _names(model: type[BaseModel]) -> set[str]:
    """Return the names of a model's fields: one set for all of its values, which nobody changes."""
    return set(model.model_fields)


_SLOTS: Final = (
    "__dict__",
    "__pydantic_fields_set__",
    "__pydantic_extra__",
    "__pydantic_private__",
)
# Looked up once: by their names, for every value, they are a quarter of what it costs.
_put_fields, _put_named, _put_extra, _put_private = (vars(BaseModel)[it].__set__ for it in _SLOTS)
_new: Final = object.__new__


class Frozen(BaseModel):
    """An immutable value with no unknown fields: what is written is exactly what is declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")

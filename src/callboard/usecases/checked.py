"""Making records of what somebody wrote: one message that names every field that does not fit."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from callboard.domain.errors import ConfigurationInvalid
from callboard.usecases.field_words import words_of

M = TypeVar("M", bound=BaseModel)


class FieldsUnfit(ConfigurationInvalid):
    """Fields do not fit. `faults` holds, for each, its dotted name and what is wrong with it."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{field}: {words}" for field, words in self.faults))


def checked(model: type[M], /, **fields: object) -> M:
    """Return a record.

    Raises:
        FieldsUnfit: fields do not fit; names each and says what is wrong with it.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        faults = [
            (".".join(map(str, one["loc"])) or model.__name__, words_of(one))
            for one in error.errors(include_url=False, include_input=False)
        ]
    raise FieldsUnfit(faults)

"""Making records of what somebody wrote: one message that names every field that does not fit."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from callboard.domain.errors import ConfigurationInvalid

M = TypeVar("M", bound=BaseModel)


def checked(model: type[M], /, **fields: object) -> M:
    """Return a record.

    Raises:
        ConfigurationInvalid: fields do not fit; names each and says what is wrong with it.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or model.__name__}: {_said(one['msg'])}"
            for one in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationInvalid(wrong) from None


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")

"""What every object of the definition language shares."""

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from callboard.domain.frozen import Frozen


class Language(Frozen):
    """Immutable, without unknown fields; camelCase in files, snake_case in Python."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

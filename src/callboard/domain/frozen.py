"""The one configuration that every stored value shares."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable value with no unknown fields: what is written is exactly what is declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")

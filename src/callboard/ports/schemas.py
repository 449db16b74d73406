"""JSON Schema, as the runtime needs it."""

from typing import Protocol

from pydantic import JsonValue

from callboard.domain.message import JsonObject


class Schemas(Protocol):
    """Checks values against schemas that somebody else wrote."""

    def issues(self, schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
        """Return what is wrong with a value, at most a handful of lines; empty where it conforms.

        Never raises, whatever the schema; fetches nothing.
        """
        ...

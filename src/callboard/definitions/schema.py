"""JSON Schema that somebody else wrote: compiled once, bounded in time, never fetched."""

import json
from functools import lru_cache
from itertools import islice
from typing import Final

import jsonschema_rs
from pydantic import JsonValue

from callboard.definitions.findings import dotted
from callboard.definitions.schema_shape import Cost, TooCostly, described, shape_problem
from callboard.domain.message import JsonObject

_MAX_ISSUES: Final = 5
_MAX_LENGTH: Final = 300
_PATTERNS: Final = jsonschema_rs.FancyRegexOptions(
    backtrack_limit=10_000, size_limit=1_000_000, dfa_size_limit=1_000_000
)


class _Compiled:
    """A validator and what it costs; or why there is none."""

    def __init__(self, text: str) -> None:
        self.problem: str | None = None
        schema: JsonObject = json.loads(text)
        shape = shape_problem(schema)
        if shape is not None:
            self.problem = described(*shape)
            return
        try:
            self._cost = Cost(schema)
            self._validator = jsonschema_rs.validator_for(
                schema, offline=True, pattern_options=_PATTERNS
            )
        except TooCostly as error:
            self.problem = str(error)
        except jsonschema_rs.ValidationError as error:
            self.problem = described(tuple(error.instance_path), _short(error.message))
        except Exception as error:  # noqa: BLE001 - whatever the library makes of a hostile schema
            self.problem = _short(str(error).splitlines()[0])

    def issues(self, value: JsonValue) -> tuple[str, ...]:
        self._cost.check(value)
        if self._validator.is_valid(value):
            return ()
        errors = islice(self._validator.iter_errors(value), _MAX_ISSUES)
        return tuple(
            f"{_short(dotted(tuple(error.instance_path))) or 'value'}: {_short(error.message)}"
            for error in errors
        )


def schema_problem(schema: object) -> str | None:
    """Return what is wrong with a schema, or None where it can be used. Never raises."""
    try:
        return _compiled(json.dumps(schema)).problem
    except (ValueError, TypeError, RecursionError):
        return "is not a JSON Schema: it is nested too deeply, or not JSON"


def validate_instance(schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
    """Return what is wrong with a value: `path: what was found and what is allowed`, one line each.

    At most five lines of bounded length; empty where the value conforms. Never raises, whatever the
    schema or the value; fetches nothing.
    """
    problem = schema_problem(schema)
    if problem is not None:
        return (f"the schema cannot be used: {problem}",)
    try:
        return _compiled(json.dumps(schema)).issues(value)
    except TooCostly as error:
        return (f"value: {error}",)
    except Exception as error:  # noqa: BLE001 - a value that is not JSON, deeper than the validator goes …
        return (f"value: cannot be checked ({_short(str(error))})",)


class JsonSchemas:
    """`callboard.ports.schemas.Schemas`."""

    def issues(self, schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
        """Return what is wrong with a value; empty where it conforms."""
        return validate_instance(schema, value)


@lru_cache(maxsize=256)
def _compiled(text: str) -> _Compiled:
    return _Compiled(text)


def _short(text: str) -> str:
    plain = text.encode("utf-8", "backslashreplace").decode()
    return plain if len(plain) <= _MAX_LENGTH else f"{plain[:_MAX_LENGTH]}…"

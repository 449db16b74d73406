"""From Python objects to JSON text."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from enum import Enum
from typing import Any, Final

from callboard.sandbox.programs.worker.faults import Fault, readable

_SHOWN: Final = 200


def as_json(value: object, what: str) -> str:
    """Return JSON text on one line; `what` begins the message: "handle_steps yielded".

    Raises:
        Fault: the value has no such form.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError) as problem:
        raise Fault(f"{what} {shown(value)}, which is not JSON: {readable(str(problem))}") from None
    except RecursionError:
        raise Fault(f"{what} {type(value).__name__} that is nested too deeply") from None
    return well_formed(text)


def well_formed(text: str) -> str:
    """Replace halves of surrogate pairs, which texts of others contain and JSON cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def shown(value: object) -> str:
    """Return a value as people may see it."""
    try:
        text = readable(repr(value))
    except Exception:  # noqa: BLE001 - the program's own __repr__
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    raise TypeError(f"{type(value).__name__} is no JSON value")

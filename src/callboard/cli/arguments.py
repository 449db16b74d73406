"""Values of options, checked where a mistake can be explained."""

import base64
import json
import math
import mimetypes
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal, cast

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.message import MOST_DIGITS, JsonObject, MediaPart, is_deeper
from callboard.domain.usage import usd

_LARGEST_ATTACHMENT = 20 << 20
_MOST_USD = Decimal(10) ** 12
_SHOWN = 20


def prompt_of(text: str | None, *, alone: bool) -> str | None:
    """Return the prompt; `alone`: nothing else is said to the agent.

    Raises:
        ConfigurationInvalid: it is there and says nothing, as where a script's variable is not set.
    """
    if alone and text is not None and not text.strip():
        raise ConfigurationInvalid(
            "the prompt is empty; say what to do, or leave it out where the agent needs none"
        )
    return text


def params_of(text: str | None, *, option: str = "--params") -> JsonObject | None:
    """Return the value of an option that takes a JSON object.

    Raises:
        ConfigurationInvalid: it is not a JSON object.
    """
    if text is None:
        return None
    try:
        value: object = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_countable
        )
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ConfigurationInvalid(f"{option} is nested too deeply") from None
    except ValueError as error:
        raise ConfigurationInvalid(f"{option} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ConfigurationInvalid(f'{option} must be a JSON object like {{"name": "value"}}')
    params = cast("JsonObject", value)
    if is_deeper(params):
        raise ConfigurationInvalid(f"{option} is nested too deeply")
    return params


def attachments_of(paths: Sequence[Path] | None) -> tuple[MediaPart, ...]:
    """Return the values of --attach: images and documents as models take them.

    Raises:
        ConfigurationInvalid: a file is missing, too large, or of a kind that no model takes.
    """
    return tuple(_attachment(path) for path in paths or ())


def _attachment(path: Path) -> MediaPart:
    kind = mimetypes.guess_type(path.name)[0] or ""
    try:
        with path.open("rb") as opened:
            if not (kind.startswith("image/") or kind == "application/pdf"):
                raise ConfigurationInvalid(
                    f"--attach {path}: attach images and PDF documents; put texts into the workspace, where the "
                    "agent can read them"
                )
            content = opened.read(_LARGEST_ATTACHMENT + 1)  # a device has no end
    except OSError as error:
        raise ConfigurationInvalid(f"--attach {path}: {error.strerror}") from None
    if len(content) > _LARGEST_ATTACHMENT:
        raise ConfigurationInvalid(
            f"--attach {path}: is larger than {_LARGEST_ATTACHMENT >> 20} MB"
        )
    return MediaPart(media_type=kind, data=base64.b64encode(content).decode())


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"the number {number[:_SHOWN]} is too large; write it as text")
    return value


def _countable(number: str) -> int:
    if len(number) > MOST_DIGITS:
        raise ValueError(
            f"the number {number[:_SHOWN]}… has {len(number)} digits; write it as text"
        )
    return int(number)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def budget_of(text: str | None) -> Decimal | None:
    """Return the value of --budget.

    Raises:
        ConfigurationInvalid: it is not an amount.
    """
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value < _MOST_USD:
        raise ConfigurationInvalid(f"--budget {text}: expected an amount in US dollars, like 0.50")
    return usd(value)


def absolute(path: Path) -> Path:
    """Return an absolute path; links in it stay.

    Raises:
        ConfigurationInvalid: it begins where the process is, and that directory is gone.
    """
    try:
        return path.absolute()
    except FileNotFoundError:
        raise ConfigurationInvalid(
            f"{path} is nowhere: the directory that you are in was removed; go to one that is there"
        ) from None


def workspace_of(path: Path) -> Path:
    """Return the absolute path of --workspace.

    Raises:
        ConfigurationInvalid: it is not a directory, or its name cannot be written down.
    """
    place = absolute(path)
    try:
        str(place).encode()
    except UnicodeEncodeError:
        raise ConfigurationInvalid(
            f"--workspace {str(place)!a}: the name is not UTF-8; use a directory whose name is"
        ) from None
    if not place.is_dir():
        raise ConfigurationInvalid(f"--workspace {path}: there is no such directory")
    return place


def on_limit_of(text: str | None, *, is_interactive: bool) -> Literal["fail", "wait"]:
    """Return the value of --on-limit; by default a run waits where somebody is there to be asked.

    Raises:
        ConfigurationInvalid: it is neither.
    """
    match text:
        case None:
            return "wait" if is_interactive else "fail"
        case "fail":
            return "fail"
        case "wait":
            return "wait"
        case _:
            raise ConfigurationInvalid(f"--on-limit {text!r}: use `fail` or `wait`")

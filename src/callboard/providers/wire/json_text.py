"""JSON in and out, at full speed for ordinary text and without a crash for any other.

Models and files contain lone surrogates, NULs and integers of any size. The fast path is orjson; what it
refuses is cleaned and tried again, so that clean text never pays.
"""

import json
from typing import cast

import orjson
from pydantic import JsonValue

REPLACEMENT = "\ufffd"
_NUL_ESCAPE = b"\\u0000"


class NotJson(ValueError):
    """The bytes are not JSON, or nested too deeply to be read."""


def clean(text: str) -> str:
    """Return `text` encodable as UTF-8: surrogate pairs joined, lone surrogates and NULs replaced."""
    if "\0" in text:
        text = text.replace("\0", REPLACEMENT)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def clean_value(value: JsonValue) -> JsonValue:
    """Return `value` with every string in it, keys included, cleaned.

    Raises:
        NotJson: it is nested too deeply.
    """
    try:
        return _cleaned(value)
    except RecursionError:
        raise NotJson("nested too deeply") from None


def _cleaned(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): _cleaned(item) for key, item in value.items()}
    return value


def dumps(value: JsonValue) -> bytes:
    """Return compact UTF-8 JSON without lone surrogates or NULs.

    Raises:
        NotJson: the value is nested too deeply.
    """
    try:
        encoded = orjson.dumps(value)
    except TypeError:
        return _dumps_odd(value)
    if _NUL_ESCAPE in encoded:
        return _dumps_odd(value)
    return encoded


def _dumps_odd(value: JsonValue) -> bytes:
    cleaned = clean_value(value)
    try:
        return orjson.dumps(cleaned)
    except TypeError:  # integers beyond 64 bits
        pass
    try:
        return json.dumps(cleaned, ensure_ascii=False, separators=(",", ":")).encode()
    except (RecursionError, ValueError):
        raise NotJson("nested too deeply") from None


def loads(text: bytes | str) -> JsonValue:
    """Return the value of a JSON text. Strings in it may hold lone surrogates: see `clean`.

    Raises:
        NotJson: it is none.
    """
    try:
        return cast("JsonValue", orjson.loads(text))
    except orjson.JSONDecodeError:
        return _loads_odd(text)


def _loads_odd(text: bytes | str) -> JsonValue:
    # orjson refuses halves of surrogate pairs, which some servers send in two pieces.
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    if "\\u" not in text:
        raise NotJson("not JSON")
    try:
        return cast("JsonValue", json.loads(text, parse_constant=_refuse_constant))
    except (ValueError, RecursionError):
        raise NotJson("not JSON") from None


def _refuse_constant(name: str) -> None:
    raise NotJson(f"{name} is not JSON")

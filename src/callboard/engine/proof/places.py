"""Where in a line of an export the first byte is that cannot be right, as far as what is around it tells."""

import binascii
import json
import zlib
from base64 import b64decode
from dataclasses import dataclass
from json.decoder import JSONDecoder
from typing import Final, cast

from callboard.domain.events.codec import chain_hash

_BLANK: Final = " \t\r\n"
_LONGEST_HASH: Final = 200


@dataclass(frozen=True, slots=True)
class Altered:
    """A line whose sum does not fit: the line up to its sum, the sum that it bears and the one that it should bear, the
    hash of the event before it, and which of the two sums the next line follows, if either.
    """

    start: bytes
    given: str
    found: str
    head: str
    followed: str | None


def first_malformed(content: bytes) -> int | None:
    """Return the first byte of a line that cannot stand where it does; None where the line is well-formed."""
    try:
        json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        return place_of_error(error, content)
    return None


def place_of_error(error: Exception, content: bytes) -> int | None:
    """Return the byte at which bytes stop being UTF-8, or stop being JSON; None where an error tells neither."""
    if isinstance(error, UnicodeDecodeError):
        return error.start
    if isinstance(error, json.JSONDecodeError):  # it counts characters
        return len(content.decode(errors="replace")[: error.pos].encode())
    return None


def place_of_value(content: bytes, name: str) -> int:
    """Return where the value of a field of a well-formed line begins; 0 where there is none."""
    text, at = content.decode(errors="replace"), 1
    try:
        while True:
            at = _after_blanks(text, at)
            key, at = JSONDecoder().raw_decode(text, at)
            at = _after_blanks(text, _after_blanks(text, at) + 1)  # behind the colon
            if key == name:
                return len(text[:at].encode())
            _, at = JSONDecoder().raw_decode(text, at)
            at = _after_blanks(text, at)
            if text[at : at + 1] != ",":
                return 0
            at += 1
    except (ValueError, RecursionError):
        return 0


def place_of_alteration(line: Altered) -> int:
    """Return the first byte of a well-formed line that is not what was written: the very byte where something tells
    it, otherwise where the value begins that does not fit, or the line.
    """
    if (
        line.followed == line.found
    ):  # what follows was written behind this content, so the sum is wrong
        return len(line.start) + len(b',"sum":"') + _first_difference(line.given, line.found)
    fields = _fields(line.start)
    kind = fields.get("type")
    if kind == "event":
        return _in_event(line, fields)
    values = [name for name in fields if name != "type"]
    if "zlib" in values and not _unpacks(fields["zlib"]):
        return place_of_value(line.start, "zlib")
    return place_of_value(line.start, values[0]) if len(values) == 1 else 0


def _in_event(line: Altered, fields: dict[str, object]) -> int:
    body, given = fields.get("body"), fields.get("hash")
    if not isinstance(body, str) or not isinstance(given, str) or len(given) > _LONGEST_HASH:
        return 0
    found = chain_hash(line.head, body.encode(errors="replace"))
    if found == given:
        written = json.dumps(
            {"type": "event", "hash": given, "body": body},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        return _first_difference(line.start, written[:-1].encode(errors="replace"))
    if line.followed == line.given and _is_one_digest_off(given, found):
        return place_of_value(line.start, "hash") + 1 + _first_difference(given, found)
    return place_of_value(line.start, "body")


def _is_one_digest_off(given: str, found: str) -> bool:
    """Return whether a digest was altered, and not what it is of: another content has another one altogether."""
    pairs = list(zip(given, found, strict=False))
    return len(given) == len(found) and sum(one == other for one, other in pairs) > len(pairs) // 2


def _unpacks(value: object) -> bool:
    try:
        zlib.decompress(b64decode(str(value), validate=True))
    except (binascii.Error, ValueError, zlib.error):
        return False
    return True


def _fields(start: bytes) -> dict[str, object]:
    try:
        found: object = json.loads(start + b"}")
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _first_difference(one: str | bytes, other: str | bytes) -> int:
    """Return the first place at which two texts differ; where one is the beginning of the other, its end."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, pair in pairs if pair[0] != pair[1]), min(len(one), len(other)))


def _after_blanks(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANK:
        at += 1
    return at

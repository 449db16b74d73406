"""Signatures of webhooks, as Standard Webhooks has them: HMAC-SHA256 over id, time and body. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

PREFIX: Final = "whsec_"
TOLERANCE: Final = timedelta(minutes=5)
"""How far the clocks of sender and receiver may be apart."""
_KEY_BYTES: Final = range(24, 65)


def secret_text(key: bytes) -> str:
    """Return a key as people and settings hold it."""
    return PREFIX + base64.b64encode(key).decode()


def secret_key(text: str) -> bytes | None:
    """Return the key that a text holds; None where it holds none of 24 to 64 bytes."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) in _KEY_BYTES else None


def signature(key: bytes, message_id: str, at: int, body: bytes) -> str:
    """Return the signature of a message. `at` is in seconds since 1970."""
    signed = f"{message_id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def signatures(keys: Sequence[bytes], message_id: str, at: int, body: bytes) -> str:
    """Return the signature header of a message: one for each key that is valid."""
    return " ".join(signature(key, message_id, at, body) for key in keys)


def problem_with(
    keys: Sequence[bytes],
    *,
    message_id: str,
    at: str,
    given: str,
    body: bytes,
    now: datetime,
) -> str | None:
    """Return why a message is not what somebody with one of the keys sent lately; None where it is."""
    if not at.isascii() or not at.isdecimal() or len(at) > 12:
        return "webhook-timestamp is no time"
    if abs(now.timestamp() - int(at)) > TOLERANCE.total_seconds():
        return "webhook-timestamp is more than 5 minutes off"
    offered = [one.encode() for one in given.split(" ")[:10]]
    expected = [signature(key, message_id, int(at), body).encode() for key in keys]
    # every pair is compared, so that the time tells nothing
    fits = [hmac.compare_digest(one, other) for one in offered for other in expected]
    return None if any(fits) else "webhook-signature does not fit"

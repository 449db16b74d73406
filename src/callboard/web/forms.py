"""What a browser sends: fields read once, from our own page, by whoever that page was made for."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from callboard.entrance.problems import RequestRefused

MOST_FIELDS: Final = 1000
MARK: Final = "_form"
ONCE: Final = "_once"
_OURS: Final = frozenset({MARK, ONCE})
_NONCE: Final = 16


class FormUnreadable(RequestRefused):
    """A body that no form of ours sends."""

    code = "form_unreadable"


class Typed(dict[str, str]):
    """What somebody typed before, to be shown again. What they did not type is empty."""

    def __missing__(self, name: str) -> str:
        """Return what was not typed."""
        return ""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that somebody chose: the name that their machine has for it, and its content."""

    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """What tells its content from another one."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a form as they were typed, and the files that were chosen. A field that is not there reads as
    empty.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    files: Mapping[str, Sequence[SentFile]] = field(default_factory=dict[str, Sequence[SentFile]])

    def text(self, name: str, otherwise: str = "") -> str:
        """Return a field without the white space around it."""
        return self.raw(name, otherwise).strip()

    def raw(self, name: str, otherwise: str = "") -> str:
        """Return a field exactly, with line ends as everywhere else."""
        found = self.values.get(name)
        return found[0].replace("\r\n", "\n") if found else otherwise

    def some(self, name: str) -> str | None:
        """Return a field, or None where nothing was typed."""
        return self.text(name) or None

    def every(self, name: str) -> tuple[str, ...]:
        """Return all that was chosen under one name."""
        return tuple(value.strip() for value in self.values.get(name, ()) if value.strip())

    def is_on(self, name: str) -> bool:
        """Return whether a box was ticked."""
        return name in self.values

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the lines of a field that hold something."""
        return tuple(line.strip() for line in self.raw(name).splitlines() if line.strip())

    def kept(self, *names: str) -> Typed:
        """Return fields to be shown again as they were typed."""
        return Typed({name: self.raw(name) for name in names})

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What somebody typed or chose, in order, without what the form bears for itself."""
        return [
            (name, value)
            for name, values in self.values.items()
            if name not in _OURS
            for value in values
        ]


def read_fields(body: bytes, media: str) -> Fields:
    """Return the fields of a form.

    Raises:
        FormUnreadable: it is no form, or more than any form has.
    """
    kind = media.partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise FormUnreadable("forms are sent as application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise FormUnreadable(
            f"this is no form in UTF-8 with at most {MOST_FIELDS} fields; nothing was done"
        ) from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return Fields(values)


def form_token(secret: str, nonce: bytes) -> str:
    """Return what a form bears to show that a page of ours was made for this browser. It is another one each
    time, so that a compressed page does not give it away.
    """
    mark = hmac.digest(secret.encode(), b"form" + nonce, hashlib.sha256)
    return nonce.hex() + mark.hex()[:32]


def is_token(secret: str, text: str) -> bool:
    """Return whether a form was made for this browser. One that has no secret was given no form."""
    if not secret or len(text) != _NONCE * 2 + 32 or not text.isascii():
        return False
    try:
        nonce = bytes.fromhex(text[: _NONCE * 2])
    except ValueError:
        return False
    return hmac.compare_digest(form_token(secret, nonce), text)

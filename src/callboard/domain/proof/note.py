"""Signed notes and verifier keys, in the text format of C2SP (c2sp.org/signed-note), with Ed25519.

A note is a text, an empty line, and signature lines: an em dash, the key's name, and in base64 four bytes
that tell the key from others of the name, followed by the signature over the text.
"""

import base64
import binascii
import hashlib
import re
from typing import Final, NamedTuple, Protocol

LONGEST_NOTE: Final = 64 * 1024
_ED25519: Final = b"\x01"
_KEY_BYTES: Final = 32
_MOST_SIGNATURES: Final = 16
_MARK: Final = "\N{EM DASH} "
_NAME: Final = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class FormatInvalid(ValueError):
    """A text is not in the format that it should be in; says why."""


class SignatureCheck(Protocol):
    """Checks Ed25519 signatures."""

    def __call__(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Return whether a signature is the key's over the message. Never raises, whatever the bytes."""
        ...


class VerifierKey(NamedTuple):
    """The public half of an Ed25519 key, with the name that its signatures carry."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell it from other keys of the same name. No proof of anything."""
        named = self.name.encode() + b"\n" + _ED25519 + self.key
        return hashlib.sha256(named).digest()[:4]

    def __str__(self) -> str:
        """Return the key as one word, which `verifier_key` reads."""
        public = base64.b64encode(_ED25519 + self.key).decode()
        return f"{self.name}+{self.key_id.hex()}+{public}"


class Signature(NamedTuple):
    """One signature of a note: whose it says it is, and its bytes."""

    name: str
    key_id: bytes
    value: bytes


class Note(NamedTuple):
    """A signed text; it ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """Return the note as it is stored and sent."""
        lines = (
            f"{_MARK}{each.name} {base64.b64encode(each.key_id + each.value).decode()}\n"
            for each in self.signatures
        )
        return f"{self.text}\n{''.join(lines)}"

    def by(self, key: VerifierKey) -> tuple[bytes, ...]:
        """Return the signatures that say they are this key's. They are not checked yet."""
        wanted = (key.name, key.key_id)
        return tuple(each.value for each in self.signatures if (each.name, each.key_id) == wanted)


def is_key_name(name: str) -> bool:
    """Return whether keys may have this name."""
    return _NAME.fullmatch(name) is not None


def verifier_key(text: str) -> VerifierKey:
    """Read a verifier key.

    Raises:
        FormatInvalid: it is none, is not for Ed25519, or its short id is not that of its key.
    """
    name, _, rest = text.partition("+")
    short, _, public = rest.partition("+")
    key = exact_base64(public)
    if not is_key_name(name) or len(key) != 1 + _KEY_BYTES or key[:1] != _ED25519:
        raise FormatInvalid("not a verifier key for Ed25519 (name+id+key)")
    found = VerifierKey(name, key[1:])
    if short != found.key_id.hex():
        raise FormatInvalid(
            f"the verifier key's id is {short!r} where its key has {found.key_id.hex()}"
        )
    return found


def parse_note(content: str) -> Note:
    """Read a signed note. Nothing of it is checked but its form.

    Raises:
        FormatInvalid: it is not in that form; says why.
    """
    if len(content) > LONGEST_NOTE:
        raise FormatInvalid("the note is too long")
    if _CONTROL.search(content):
        raise FormatInvalid("the note holds control characters")
    text, gap, block = content.rpartition("\n\n")
    if not gap or not block.endswith("\n"):
        raise FormatInvalid("the note has no signatures")
    lines = block.removesuffix("\n").split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise FormatInvalid("the note has too many signatures")
    return Note(text + "\n", tuple(map(_signature, lines)))


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not is_key_name(name):
        raise FormatInvalid("a signature line does not name a key")
    value = exact_base64(encoded)
    if len(value) <= 4:
        raise FormatInvalid("a signature is too short")
    return Signature(name, value[:4], value[4:])


def exact_base64(text: str) -> bytes:
    """Decode standard base64 of which there is one spelling only.

    Raises:
        FormatInvalid: it is something else.
    """
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FormatInvalid("not base64") from None
    if base64.b64encode(found).decode() != text:
        raise FormatInvalid("not base64 as it is written by the rules")
    return found

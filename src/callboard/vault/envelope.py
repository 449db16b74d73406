"""Envelope encryption: every version of a value under a key of its own, that key under the deployment key.

Both are AES-256-GCM and authenticate the facts of the credential with it, so that a row whose scope, address or
version was changed, or whose ciphertext belongs to another row, does not open.
"""

import hashlib
import json
import os
from dataclasses import replace
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callboard.domain.credential import Credential
from callboard.ports.vault import SealedCredential

_FORMAT: Final = b"\x01"
_KEY_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_WRAPPED_BYTES: Final = len(_FORMAT) + _KEY_ID_BYTES + _NONCE_BYTES + 32 + 16


class WrongKey(Exception):
    """It was sealed with another deployment key. `sealed_with` is that one's id."""

    def __init__(self, sealed_with: str) -> None:
        super().__init__(sealed_with)
        self.sealed_with = sealed_with


class Altered(Exception):
    """It is not what was sealed."""


def key_id(key: bytes) -> str:
    """Return a name for a deployment key that tells nothing about it."""
    return _key_id(key).hex()


def seal(key: bytes, credential: Credential, secret: str) -> SealedCredential:
    """Return a credential with its value sealed.

    Args:
        key: the deployment key, 32 bytes.
        credential: its facts; name, scope, provider, address and version are sealed with the value.
        secret: the value.
    """
    facts = _facts(credential)
    own = AESGCM.generate_key(256)
    wrapped = _FORMAT + _key_id(key) + _encrypt(key, own, facts)
    return SealedCredential(credential, wrapped, _encrypt(own, secret.encode(), facts))


def open_sealed(key: bytes, sealed: SealedCredential) -> str:
    """Return the value.

    Raises:
        WrongKey: it was sealed with another deployment key.
        Altered: the ciphertext or the facts are not those that were sealed.
    """
    other = sealed_with(sealed)
    if other is None:
        raise Altered
    if other != key_id(key):
        raise WrongKey(other)
    inner = sealed.wrapped_key[1 + _KEY_ID_BYTES :]
    facts = _facts(sealed.credential)
    own = _decrypt(key, inner, facts)
    return _decrypt(own, sealed.ciphertext, facts).decode()


def sealed_with(sealed: SealedCredential) -> str | None:
    """Return the id of the deployment key that something was sealed with; None where it tells none."""
    wrapped = sealed.wrapped_key
    if len(wrapped) != _WRAPPED_BYTES or not wrapped.startswith(_FORMAT):
        return None
    return wrapped[1 : 1 + _KEY_ID_BYTES].hex()


def rewrapped(key: bytes, new: bytes, sealed: SealedCredential) -> SealedCredential:
    """Return something sealed with another deployment key. The value stays under its own key and is not changed.

    Raises:
        WrongKey: it was sealed with another key than `key`.
        Altered: the ciphertext or the facts are not those that were sealed.
    """
    open_sealed(key, sealed)
    facts = _facts(sealed.credential)
    own = _decrypt(key, sealed.wrapped_key[1 + _KEY_ID_BYTES :], facts)
    return replace(sealed, wrapped_key=_FORMAT + _key_id(new) + _encrypt(new, own, facts))


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"callboard deployment key\x00" + key).digest()[:_KEY_ID_BYTES]


def _facts(credential: Credential) -> bytes:
    scope, base_url = str(credential.scope), credential.base_url
    bound = ["credential", credential.name, scope, credential.provider, base_url]
    return json.dumps([*bound, credential.version]).encode()


def _encrypt(key: bytes, plain: bytes, facts: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, facts)


def _decrypt(key: bytes, sealed: bytes, facts: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], facts)
    except (InvalidTag, ValueError):
        raise Altered from None

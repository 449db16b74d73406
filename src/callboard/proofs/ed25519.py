"""Ed25519 by `cryptography`."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from callboard.domain.proof.note import VerifierKey


class Ed25519Signer:
    """`callboard.ports.signer.Signer` for a seed of 32 bytes. The log's name is derived from the key, so that
    two deployments never share one.
    """

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        self.verifier = VerifierKey(f"callboard/{hashlib.sha256(public).hexdigest()[:16]}", public)

    def sign(self, message: bytes) -> bytes:
        """See `ports.signer.Signer`."""
        return self._key.sign(message)


def is_signature(key: bytes, message: bytes, signature: bytes) -> bool:
    """See `callboard.domain.proof.note.SignatureCheck`."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True

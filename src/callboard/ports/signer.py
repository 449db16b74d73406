"""Signing for a deployment, and checking anybody's signatures."""

from typing import Protocol

from callboard.domain.proof.note import VerifierKey


class Signer(Protocol):
    """This deployment's key for its log."""

    @property
    def verifier(self) -> VerifierKey:
        """The public half, under the log's name."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of a message: the same for the same message."""
        ...


class SignatureCheck(Protocol):
    """Checks Ed25519 signatures."""

    def __call__(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Return whether a signature is the key's over the message. Never raises, whatever the bytes."""
        ...

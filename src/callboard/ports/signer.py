"""Signing for a deployment. How signatures are checked: `callboard.domain.proof.note.SignatureCheck`."""

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

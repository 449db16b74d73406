"""What proves that a log is what it was."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from functools import partial
from typing import TYPE_CHECKING

from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.ports.anchors import AnchorLog
    from callboard.ports.file_trees import FileTrees
    from callboard.ports.signer import Signer
    from callboard.usecases.proof import Proof


def open_proof(settings: Settings, log: "AnchorLog", trees: "FileTrees") -> "Proof":
    """Return what anchors runs in the signed log and checks them against it."""
    from callboard.proofs.files import CheckpointFile
    from callboard.usecases.proof import Proof

    return Proof(
        log,
        CheckpointFile(settings.home / "checkpoint"),
        trees,
        partial(_signer, settings),
        is_signature,
        settings.known_secrets,
    )


def _signer(settings: Settings) -> "Signer":
    from callboard.proofs.ed25519 import Ed25519Signer
    from callboard.proofs.files import log_seed

    return Ed25519Signer(log_seed(settings.home, settings.log_key))


def is_signature(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether an Ed25519 signature is a key's over a message. Never raises, whatever the bytes."""
    from callboard.proofs.ed25519 import is_signature as check

    return check(key, message, signature)

"""The signed checkpoint of an export, and what it shows about the deployment's log."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

from callboard.domain.proof.anchor import Anchor
from callboard.domain.proof.checkpoint import Checkpoint, parse_checkpoint
from callboard.domain.proof.merkle import HASH_BYTES, LONGEST_PROOF, extends, includes
from callboard.domain.proof.note import (
    FormatInvalid,
    SignatureCheck,
    VerifierKey,
    exact_base64,
    parse_note,
    verifier_key,
)
from callboard.engine.proof.lines import Line, Lines


def encoded(hashes: Sequence[bytes]) -> list[str]:
    """Return hashes as an export has them."""
    return [base64.b64encode(each).decode() for each in hashes]


def signed_checkpoint(content: str, key: VerifierKey, is_signature: SignatureCheck) -> Checkpoint:
    """Return the checkpoint in a note that a key has signed.

    Raises:
        FormatInvalid: it is no checkpoint, of another log, or not signed by the key.
    """
    note = parse_note(content)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != key.name:
        raise FormatInvalid(f"the checkpoint is of {checkpoint.origin}, the key of {key.name}")
    if not any(is_signature(key.key, note.text.encode(), value) for value in note.by(key)):
        raise FormatInvalid(f"the checkpoint is not signed by the key of {key.name}")
    return checkpoint


@dataclass(frozen=True, slots=True)
class Trust:
    """What whoever checks an export knows beside it: the log's key, and a checkpoint that was kept."""

    is_signature: SignatureCheck = field(repr=False)
    key: VerifierKey | None = None
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """The log as the checkpoint of an export shows it. `unproven` is what the export cannot show."""

    checkpoint: Checkpoint
    key: VerifierKey
    unproven: str | None = None

    def check_anchor(self, line: Line, anchor: Anchor) -> None:
        """Check that a leaf is in the log.

        Raises:
            WrongLine: the line does not show it.
        """
        path = _hashes(line, "proof")
        size, root = self.checkpoint.size, self.checkpoint.root
        if not includes(root, size, line.number_of("index"), anchor.leaf, path):
            raise line.wrong(
                f"the signed log does not hold run {anchor.run_id} as it is here: {anchor.seq} events that "
                f"end in {anchor.hash}",
                in_field="proof",
            )


def check_log(lines: Lines, header: Line, trust: Trust) -> Log:
    """Check the checkpoint's signature, and that the log continues what was kept of it.

    Raises:
        WrongLine: it is not signed, or it is another log.
    """
    key = trust.key or _key(header)
    line = lines.expect("checkpoint")
    try:
        now = signed_checkpoint(line.text("note"), key, trust.is_signature)
    except FormatInvalid as error:
        raise line.wrong(str(error), in_field="note") from None
    kept = _kept(trust, key, line)
    if kept is not None and kept.size > now.size:
        raise line.wrong(
            f"the log has {now.size} entries here and {kept.size} in the checkpoint that you kept: this is an "
            "older export, or the log was rolled back",
            in_field="note",
        )
    shown = {now.size: now.root}
    while (proof := lines.accept("consistency")) is not None:
        size = proof.number_of("size")
        shown[size] = _earlier(proof, size, now)
        _compare(proof, kept, shown)
    _compare(line, kept, shown)
    return Log(now, key, _unproven(kept, shown))


def _key(header: Line) -> VerifierKey:
    try:
        return verifier_key(header.text("key"))
    except FormatInvalid as error:
        raise header.wrong(str(error), in_field="key") from None


def _kept(trust: Trust, key: VerifierKey, line: Line) -> Checkpoint | None:
    if trust.kept is None:
        return None
    try:
        return signed_checkpoint(trust.kept, key, trust.is_signature)
    except FormatInvalid as error:
        raise line.wrong(
            f"this is another log than that of the checkpoint you kept: {error}", in_field="note"
        ) from None


def _earlier(line: Line, size: int, now: Checkpoint) -> bytes:
    (root,) = _decoded(line, [line.text("root")], "root")
    if not extends((size, root), (now.size, now.root), _hashes(line, "proof")):
        raise line.wrong(
            f"it does not show that the log continues the one of {size} entries", in_field="proof"
        )
    return root


def _compare(line: Line, kept: Checkpoint | None, shown: dict[int, bytes]) -> None:
    if kept is not None and shown.get(kept.size, kept.root) != kept.root:
        raise line.wrong(
            f"the first {kept.size} entries of the log are not those of the checkpoint that you kept: the log "
            "was rewritten",
            in_field="root" if "root" in line.fields else "note",
        )


def _unproven(kept: Checkpoint | None, shown: dict[int, bytes]) -> str | None:
    if kept is None or kept.size == 0 or kept.size in shown:
        return None
    return (
        f"the export does not show that it continues the {kept.size} entries of the checkpoint that you kept; "
        "ask for one made with `callboard runs export --since CHECKPOINT`"
    )


def _hashes(line: Line, name: str) -> list[bytes]:
    return _decoded(line, line.texts(name, LONGEST_PROOF), name)


def _decoded(line: Line, texts: list[str], name: str) -> list[bytes]:
    try:
        found = [exact_base64(text) for text in texts]
    except FormatInvalid as error:
        raise line.wrong(f"a hash is {error}", in_field=name) from None
    if any(len(each) != HASH_BYTES for each in found):
        raise line.wrong("a hash has not 32 bytes", in_field=name)
    return found

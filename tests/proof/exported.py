"""The stored export, and what somebody could do to it."""

import io
import json
from pathlib import Path

from callboard.domain.proof.note import verifier_key
from callboard.engine.proof.checking import check_export
from callboard.engine.proof.lines import LineWriter, NotAnExport, WrongLine
from callboard.engine.proof.log import Trust
from callboard.proofs.ed25519 import is_signature

PLACE = Path(__file__).parent / "exports"
EXPORT = (PLACE / "v1.callboard").read_bytes()
LINES = EXPORT.splitlines(keepends=True)
PARSED = [json.loads(line) for line in LINES]
KEPT_4 = (PLACE / "v1-kept-4.checkpoint").read_text()
KEPT_5 = (PLACE / "v1-kept-5.checkpoint").read_text()
KEY = verifier_key(PARSED[0]["key"])


def check(content, *, key=None, kept=None):
    return check_export(io.BytesIO(content), Trust(is_signature, key, kept))


def first_wrong(content, **trust):
    """Return where an export goes wrong: the line, where that begins, and why; None where it verifies."""
    try:
        check(content, **trust)
    except WrongLine as wrong:
        return wrong.line, wrong.offset, wrong.what
    except NotAnExport as refusal:
        return 1, 0, str(refusal)
    return None


def offset_of(lines, number):
    return sum(map(len, lines[: number - 1]))


def resummed(parsed):
    """Write lines again as somebody would who knows the format: with sums and a count that are right."""
    writer = LineWriter()
    written = []
    for fields in parsed:
        said = {key: value for key, value in fields.items() if key not in {"type", "sum"}}
        if fields["type"] == "end":
            said["lines"] = writer.count + 1
        written.append(writer.line(fields["type"], said))
    return b"".join(written)


def at(kind, index=0):
    """Return the position of a line of a type in `PARSED`."""
    return [n for n, fields in enumerate(PARSED) if fields["type"] == kind][index]


def changed(position, **fields):
    return [*PARSED[:position], PARSED[position] | fields, *PARSED[position + 1 :]]

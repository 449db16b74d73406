"""Checkpoints: the state of a log at one size, in the text format of C2SP (c2sp.org/tlog-checkpoint)."""

import base64
import re
from typing import Final, NamedTuple

from callboard.domain.proof.merkle import HASH_BYTES
from callboard.domain.proof.note import FormatInvalid, exact_base64, is_key_name

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_LARGEST: Final = (1 << 63) - 1


class Checkpoint(NamedTuple):
    """A log's name, how many leaves it has, and the root of their tree."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint. Further lines, which other logs may have, are left aside.

    Raises:
        FormatInvalid: it is none; says why.
    """
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) < 3 or "" in lines:
        raise FormatInvalid("a checkpoint has at least three lines, none of them empty")
    origin, size, root = lines[:3]
    if not is_key_name(origin):
        raise FormatInvalid("the checkpoint's first line is not the name of a log")
    if not _SIZE.fullmatch(size) or int(size) > _LARGEST:
        raise FormatInvalid("the checkpoint's second line is not a size")
    found = exact_base64(root)
    if len(found) != HASH_BYTES:
        raise FormatInvalid("the checkpoint's third line is not a SHA-256 hash")
    return Checkpoint(origin, int(size), found)

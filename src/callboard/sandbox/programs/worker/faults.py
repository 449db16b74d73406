"""Failures of a program, as its worker reports them."""

from typing import Final, Literal

_LONGEST: Final = 2000

Reason = Literal["error", "memory", "too_large"]


class Fault(Exception):
    """The program failed; the message is fit for people."""

    def __init__(self, message: str, reason: Reason = "error") -> None:
        super().__init__(message)
        self.reason: Reason = reason


def readable(text: str) -> str:
    """Return a message of the program's own as valid text of a bounded length."""
    clean = text[: _LONGEST + 1].encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + "…"

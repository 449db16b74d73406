"""What an examination of this machine finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what was looked at: lower case words, dots between a part and its parts.
        said: what was found.
        held: whether it is as it should be.
        way_out: what to do where it is not as it should be.
        required: whether Callboard does not work as meant without it.
    """

    name: str
    said: str
    held: bool
    way_out: str = ""
    required: bool = True

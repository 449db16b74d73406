"""Which texts may be stored as a value, and which only stand for one."""

import re
from typing import Final

MASK: Final = "********"
"""What stands for a stored value wherever one would be shown."""

SHORTEST: Final = 6
"""Shorter ones are not taken out of errors: they would be found in ordinary words."""

LONGEST: Final = 16_384

_MASKED = re.compile(
    r"\*{3}|[•●∙⋅█…]|\.{3}|[\[<(](?:redacted|hidden|masked|secret|stored|unchanged)[\])>]",
    re.IGNORECASE,
)
_NOTHING_ELSE = re.compile(r"(?:sk-?|key-?)?[*xX._-]+")


def is_mask(text: str) -> bool:
    """Return whether a text stands for a value instead of being one, as screens, files and APIs show it:
    `****`, `sk-…****`, `•••`, `[redacted]`.
    """
    return _MASKED.search(text) is not None or _NOTHING_ELSE.fullmatch(text) is not None


def looks_like_a_key(text: str) -> bool:
    """Return whether somebody gave a value in the place of a name."""
    return re.match(
        r"(?:sk|pk|rk|ghp|gho|ghs|github_pat|xox[abprs])[-_].{12}", text
    ) is not None or (text.startswith("AIza") and len(text) > 30)


def value_problem(text: str) -> str | None:
    """Return what is wrong with a value, without repeating any of it; None where nothing is."""
    if not text:
        return "there is none"
    if len(text) < SHORTEST:
        return f"it is shorter than {SHORTEST} characters, and could not be kept out of messages"
    if len(text) > LONGEST:
        return f"it is longer than {LONGEST:,} characters"
    if not text.isprintable():
        return "it has more than one line, or characters that cannot be seen"
    return None

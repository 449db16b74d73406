"""What files of the archive and their members are called."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Final

EXPORT: Final = ".callboard"
ORDER: Final = ".order"
_FILE: Final = re.compile(r"([0-9]{4}-(?:0[1-9]|1[0-2]))(?:-([2-9]|[1-9][0-9]{1,5}))?\.zip")
_MEMBER: Final = re.compile(r"([A-Za-z0-9._-]{1,1000}?)(\.callboard|\.order)")


def file_names(month: str) -> Iterator[str]:
    """Yield what the files of a month are called: `2026-05.zip`, `2026-05-2.zip`, and so on."""
    yield f"{month}.zip"
    for number in count(2):
        yield f"{month}-{number}.zip"


def place_of(name: str) -> tuple[str, int] | None:
    """Return the month of a file, and the how-manieth of it this is; None: it is no file of the archive."""
    found = _FILE.fullmatch(name)
    return None if found is None else (found[1], int(found[2] or 1))


def member_of(name: str) -> tuple[str, str] | None:
    """Return the run and the suffix that a member's name is made of; None: no member is called that."""
    found = _MEMBER.fullmatch(name)
    return None if found is None else (found[1], found[2])

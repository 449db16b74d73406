"""ETags: the revision of a record, as it was read."""

import re
from typing import Final

from callboard.entrance.problems import RequestRefused

_ETAG: Final = re.compile(r'(W/)?"([0-9]{1,18})"')


def etag(number: int) -> str:
    """Return the ETag of a revision."""
    return f'"{number}"'


def revision(if_match: str | None) -> int | None:
    """Return the revision that `If-Match` asks for; None where any will do.

    Raises:
        RequestRefused: it is no ETag of ours.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise RequestRefused("If-Match holds the ETag of the thing as it was read")
    return int(found[2])

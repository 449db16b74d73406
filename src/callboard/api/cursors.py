"""Pages. A cursor says where a list goes on; it is of use to the one who got it, for the list that it is of."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar, cast

from fastapi import Depends, Query, Request
from pydantic import BaseModel

from callboard.entrance.asking import Asker
from callboard.entrance.problems import CursorRefused
from callboard.usecases.app import App
from callboard.usecases.repeats import deployment_secret

T = TypeVar("T")
S = TypeVar("S")
_REFUSED: Final = "this cursor is not of this list, or not yours; begin again without one"


class Page(BaseModel, Generic[T]):
    """A part of a list. `next_cursor` is where it goes on; null at its end."""

    items: list[T]
    next_cursor: str | None = None


class Cut:
    """Which part of a list is wanted: `limit` items behind `after`, the place of the last item seen."""

    def __init__(self, secret: bytes, bound: bytes, limit: int, cursor: str | None) -> None:
        self._secret = secret
        self._bound = bound
        self.limit = limit
        self.after: list[str] | None = None if cursor is None else self._read(cursor)

    def cursor(self, place: Sequence[str]) -> str:
        """Return the cursor that goes on behind a place."""
        content = json.dumps(list(place)).encode()
        return _text(self._mark(content) + content)

    def page(
        self, found: Sequence[S], place: Callable[[S], Sequence[str]]
    ) -> "tuple[list[S], str | None]":
        """Cut a list that was read with one more than `limit`."""
        cut = list(found[: self.limit])
        more = len(found) > self.limit and cut
        return cut, self.cursor(place(cut[-1])) if more else None

    def of_all(
        self, found: Sequence[S], place: Callable[[S], Sequence[str]]
    ) -> "tuple[list[S], str | None]":
        """Cut a list that was read as a whole and is sorted by its places."""
        after = self.after
        behind = [one for one in found if after is None or list(place(one)) > after]
        return self.page(behind, place)

    def _read(self, cursor: str) -> list[str]:
        try:
            raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            mark, content = raw[:16], raw[16:]
            if not hmac.compare_digest(mark, self._mark(content)):
                raise CursorRefused(_REFUSED)
            return cast("list[str]", json.loads(content))
        except (ValueError, binascii.Error):
            raise CursorRefused(_REFUSED) from None

    def _mark(self, content: bytes) -> bytes:
        return hmac.new(self._secret, self._bound + content, hashlib.sha256).digest()[:16]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def _cut(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200, description="How many items.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=1000, description="`next_cursor` of the page before.")
    ] = None,
) -> Cut:
    app = cast("App", request.app.state.callboard)
    asker = cast("Asker", request.state.asker)
    narrowed: list[Any] = sorted(
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in ("cursor", "limit")
    )
    bound = json.dumps([asker.account, request.url.path, narrowed]).encode() + b"\0"
    return Cut(await deployment_secret(app, "cursors"), bound, limit, cursor)


Wanted = Annotated[Cut, Depends(_cut)]

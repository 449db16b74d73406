"""Making a key, and reading one back."""

from contextlib import suppress
from datetime import datetime, timedelta

from callboard.domain.errors import RecordConflict
from callboard.domain.org.access import LAST_USES, Key, LastUse, Purpose
from callboard.usecases.app import App

_USE_KEPT_EVERY = timedelta(minutes=2)


def new_key(app: App, purpose: Purpose) -> Key:
    """Return a new key. It is shown once; its digest is what is kept."""
    return Key(purpose, app.ids.run_id().replace("-", ""), app.chance.secret())


async def last_use(app: App, name: str) -> datetime | None:
    """Return when a token or a session (`cb:ID`, `cbs:ID`) was used last."""
    kept = await app.records.get(LAST_USES, name)
    return None if kept is None else kept.value.at


async def note_use(app: App, name: str, now: datetime) -> None:
    """Remember a use, unless there was one a moment ago: a note for each request would be a write for each."""
    kept = await app.records.get(LAST_USES, name)
    if kept is not None and now - kept.value.at < _USE_KEPT_EVERY:
        return
    with suppress(RecordConflict):  # another request noted one at the same moment
        await app.records.keep((LAST_USES.put(LastUse(of=name, at=now), over=kept),))

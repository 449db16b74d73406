"""Reading and changing records: what is there, and the one way of writing it down."""

from callboard.domain.errors import RecordConflict, UnknownThing
from callboard.domain.org.principal import Principal
from callboard.domain.record import Change, Kept, Kind, T, Write
from callboard.engine.authority import Action
from callboard.usecases.app import App


class Stale(RecordConflict):
    """A record is not in the revision that the change was made for."""

    code = "stale"


def require_revision(kept: Kept[T], revision: int | None) -> None:
    """Do nothing where a record is in the revision that somebody saw; None: where they do not mind.

    Raises:
        Stale: it was changed since.
    """
    if revision is not None and kept.revision != revision:
        raise Stale("it was changed since it was read; look at it again")


async def existing(app: App, kind: Kind[T], key: str, hint: str = "") -> Kept[T]:
    """Return a record.

    Raises:
        UnknownThing: there is none; `hint` says where to look.
    """
    found = await app.records.get(kind, key)
    if found is None:
        name = kind.name.replace("_", " ")
        raise UnknownThing(f"there is no {name} {key!r}{f' ({hint})' if hint else ''}")
    return found


async def write(app: App, who: Principal, action: Action, *writes: Write, note: str = "") -> None:
    """Store writes together, with an entry of the audit log that names who and what for.

    Raises:
        RecordConflict: a record was changed meanwhile, or a name is taken.
    """
    now = app.ports.clock.now()
    await app.records.commit(Change(who.actor, action, now, writes, note))

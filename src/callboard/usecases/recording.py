"""Reading and changing records: what is there, and the one way of writing it down."""

from callboard.domain.errors import UnknownThing
from callboard.domain.org.principal import Principal
from callboard.domain.record import Change, Kept, Kind, T, Write
from callboard.engine.authority import Action
from callboard.usecases.app import App


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

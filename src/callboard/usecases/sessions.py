"""Sessions: who signed in, from where, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from callboard.domain.actor import Actor
from callboard.domain.errors import NotSignedIn, UnknownThing
from callboard.domain.org.access import SESSIONS, Session, read_key
from callboard.domain.org.people import Person
from callboard.domain.org.principal import Principal, as_owner, belonging_to
from callboard.domain.record import Kept
from callboard.engine.authority import may
from callboard.ports.records import Wanted
from callboard.usecases.app import App, require
from callboard.usecases.new_keys import last_use, new_key, note_use
from callboard.usecases.people import principal_of
from callboard.usecases.recording import write

IDLE: Final = timedelta(hours=12)
LONGEST: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: its address, and what the program calls itself."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class IssuedSession:
    """A session and its text, which is never to be had again."""

    session: Session
    text: str


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session, and when it was used last."""

    session: Session
    used_at: datetime | None


async def open_session(
    app: App, person: Person, way: Literal["password", "openid", "setup"], origin: Origin
) -> IssuedSession:
    """Open a session for somebody who has shown who they are."""
    now = app.ports.clock.now()
    key = new_key(app, "cbs")
    session = Session(
        id=key.id,
        person=person.id,
        secret_sha256=key.digest,
        way=way,
        address=origin.address[:100],
        agent=origin.agent[:300],
        created_at=now,
        expires_at=now + LONGEST,
    )
    themselves = as_owner(person.actor)  # a session is everybody's own to open
    note = f"signed in by {way}"
    await write(app, themselves, "session.manage", SESSIONS.put(session), note=note)
    return IssuedSession(session, f"{person.id}.{key}")


async def session_of(app: App, text: str) -> tuple[Principal, Session]:
    """Return who a session is of, with their rights of this moment.

    Raises:
        NotSignedIn: it lets nobody in. Unknown, wrong, idle, expired and revoked ones are refused alike.
    """
    person, _, secret = text.rpartition(".")
    key = read_key(secret, "cbs")
    kept = None if key is None else await app.records.get(SESSIONS, f"{person}/{key.id}")
    opens = key is not None and kept is not None and key.opens(kept.value.secret_sha256)
    if kept is None or not opens or not await _is_good(app, kept.value):
        raise NotSignedIn("nobody is signed in")
    who = await principal_of(app, kept.value.actor)
    if who is None:
        raise NotSignedIn("nobody is signed in")
    await note_use(app, f"cbs:{kept.value.id}", app.ports.clock.now())
    return who, kept.value


async def list_sessions(app: App, who: Principal, of: Actor | None = None) -> list[ListedSession]:
    """Return one's own sessions that are still good, or those `of` somebody else, the oldest first.

    Raises:
        NotAllowed: those of others are not theirs to see.
    """
    require(who, "session.manage", belonging_to(of or who.actor))
    actor = of or who.actor
    wanted = Wanted(prefix=f"{actor.name}/", states=("good",))
    kept = [one.value for one in await app.records.find(SESSIONS, wanted)]
    good = [one for one in kept if one.actor == actor and await _is_good(app, one)]
    return [ListedSession(one, await last_use(app, f"cbs:{one.id}")) for one in good]


async def end_session(app: App, who: Principal, session_id: str) -> None:
    """End a session of one's own; whoever manages sessions ends anybody's.

    Raises:
        UnknownThing: there is none, or none that is theirs to end.
    """
    require(who, "session.manage", belonging_to(who.actor))
    kept = await _found(app, who, session_id)
    if kept is None or not may(who, "session.manage", belonging_to(kept.value.actor)):
        raise UnknownThing(f"there is no session {session_id!r}")
    await _end(app, who, kept)


async def end_sessions_of(app: App, who: Principal, person: Person) -> None:
    """End all sessions of somebody: their password is another one now."""
    require(who, "session.manage", belonging_to(person.actor))
    wanted = Wanted(prefix=f"{person.id}/", states=("good",))
    for kept in await app.records.find(SESSIONS, wanted):
        await _end(app, who, kept)


async def _found(app: App, who: Principal, session_id: str) -> Kept[Session] | None:
    own = await app.records.get(SESSIONS, f"{who.actor.name}/{session_id}")
    if own is not None or not may(who, "session.manage"):
        return own
    everybodys = await app.records.find(SESSIONS, Wanted(states=("good",)))
    return next((one for one in everybodys if one.value.id == session_id), None)


async def _end(app: App, who: Principal, kept: Kept[Session]) -> None:
    if kept.value.revoked_at is None:
        ended = kept.value.model_copy(update={"revoked_at": app.ports.clock.now()})
        await write(app, who, "session.manage", SESSIONS.put(ended, over=kept), note="ended")


async def _is_good(app: App, session: Session) -> bool:
    now = app.ports.clock.now()
    if session.revoked_at is not None or now >= session.expires_at:
        return False
    used = await last_use(app, f"cbs:{session.id}") or session.created_at
    return now - used < IDLE

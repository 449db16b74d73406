"""Signing in with a password, and setting one."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final, Literal

from callboard.domain.errors import (
    ConfigurationInvalid,
    NotSignedIn,
    RecordConflict,
    TooManyAttempts,
)
from callboard.domain.org.access import ATTEMPTS, Attempts
from callboard.domain.org.people import PEOPLE, Person
from callboard.domain.org.principal import Principal, belonging_to
from callboard.domain.record import Kept, Write
from callboard.engine.authority import may_grant
from callboard.engine.throttle import (
    MOST_BY_ADDRESS,
    MOST_BY_NAME,
    is_over,
    one_less,
    one_more,
    wait_s,
)
from callboard.ports.records import Wanted
from callboard.usecases.app import App, NotAllowed, require
from callboard.usecases.recording import existing, write
from callboard.usecases.sessions import IssuedSession, Origin, end_sessions_of, open_session

SHORTEST: Final = 10
LONGEST: Final = 1024


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says they are."""

    name: str
    password: str


async def sign_in(app: App, claim: Claim, origin: Origin) -> IssuedSession:
    """Open a session for whoever knows their password.

    Raises:
        NotSignedIn: they do not; or there is nobody of this name, they left, or have no password: all alike.
        TooManyAttempts: too many failed, by this name or from this address.
    """
    counted = _counted(claim, origin)
    await _count(app, counted)
    kept = await app.records.get(PEOPLE, claim.name)
    person = kept.value if kept is not None and kept.value.active else None
    # the one and only comparison, whoever they are, so that the time is the same for all
    fits = await app.passwords.fits(
        claim.password[:LONGEST], None if person is None else person.password_hash
    )
    if person is None or not fits:
        raise NotSignedIn("name or password is wrong")
    await _give_back(app, counted)
    return await open_session(app, person, "password", origin)


async def set_password(app: App, who: Principal, person_id: str, password: str) -> Person:
    """Give somebody a password, or another one. All their sessions end.

    Raises:
        NotAllowed: it is another's, and they are more than oneself.
        UnknownThing: there is nobody of this id.
        ConfigurationInvalid: the password is too short or too long.
    """
    action = _required_right(who, person_id)
    kept = await existing(app, PEOPLE, person_id, "see `callboard people list`")
    if action == "people.manage" and not may_grant(who, kept.value.role):
        raise NotAllowed(f"{who.actor.name} is less than {kept.value.role} themselves")
    hashed = await hashed_password(app, password)
    person = kept.value.model_copy(update={"password_hash": hashed})
    await write(app, who, action, PEOPLE.put(person, over=kept), note="another password")
    await end_sessions_of(app, replace(who, scopes=None), person)
    return person


async def confirm_password(app: App, who: Principal, password: str, origin: Origin) -> None:
    """Do nothing where this is the password of whoever asks, or they have none: a session that was left open must
    not be enough to take an account over.

    Raises:
        ConfigurationInvalid: it is not.
        TooManyAttempts: too many were not.
    """
    require(who, "session.manage", belonging_to(who.actor))
    kept = await app.records.get(PEOPLE, who.actor.name)
    if kept is None or kept.value.password_hash is None:
        return
    counted = _counted(Claim(who.actor.name, password), origin)
    await _count(app, counted)
    if not await app.passwords.fits(password[:LONGEST], kept.value.password_hash):
        raise ConfigurationInvalid(
            "the password as it is now is needed in `current`, and this is not it"
        )
    await _give_back(app, counted)


async def hashed_password(app: App, password: str) -> str:
    """Return what is kept of a password.

    Raises:
        ConfigurationInvalid: it is too short or too long.
    """
    check_password(password)
    return await app.passwords.hashed(password)


def check_password(password: str | None) -> None:
    """Do nothing where a password can be one, or none is given.

    Raises:
        ConfigurationInvalid: it is too short or too long.
    """
    if password is not None and not SHORTEST <= len(password) <= LONGEST:
        raise ConfigurationInvalid(f"a password has {SHORTEST} to {LONGEST} characters")


def _required_right(who: Principal, person_id: str) -> Literal["session.manage", "people.manage"]:
    """Refuse whoever may not set this password; return by which right they may."""
    if who.actor.kind == "person" and who.actor.name == person_id:
        require(who, "session.manage", belonging_to(who.actor))
        return "session.manage"
    require(who, "people.manage")
    return "people.manage"


def _counted(claim: Claim, origin: Origin) -> tuple[tuple[str, int], ...]:
    name = hashlib.sha256(claim.name.encode(errors="replace")).hexdigest()[:32]
    return (f"name {name}", MOST_BY_NAME), (f"address {origin.address}", MOST_BY_ADDRESS)


async def _count(app: App, counted: tuple[tuple[str, int], ...]) -> None:
    """Count an attempt before it is made: of many at once no more get through than of many in a row."""
    while True:
        now = app.ports.clock.now()
        writes: list[Write] = []
        for by, most in counted:
            tried = await app.records.get(ATTEMPTS, by)
            wait = wait_s(None if tried is None else tried.value, most, now)
            if wait:
                raise TooManyAttempts(
                    f"too many sign-ins failed; try again in {wait} seconds", wait_s=wait
                )
            more = one_more(None if tried is None else tried.value, by, now)
            writes.append(ATTEMPTS.put(more, over=tried))
        try:
            await app.records.keep(writes)
        except RecordConflict:  # somebody else counted at the same moment
            continue
        break
    await _forget_old(app)


async def _give_back(app: App, counted: tuple[tuple[str, int], ...]) -> None:
    """Take back an attempt that succeeded."""
    for by, _ in counted:
        while True:
            tried = await app.records.get(ATTEMPTS, by)
            if tried is None:
                break
            try:
                await app.records.keep((ATTEMPTS.put(one_less(tried.value), over=tried),))
            except RecordConflict:
                continue
            break


async def _forget_old(app: App) -> None:
    """Forget counts that are of no interest any more, so that strangers cannot fill the database."""
    now = app.ports.clock.now()
    oldest: list[Kept[Attempts]] = await app.records.find(ATTEMPTS, Wanted(limit=20))
    gone = [ATTEMPTS.remove(one) for one in oldest if is_over(one.value, now)]
    try:
        await app.records.keep(gone)
    except RecordConflict:
        return  # another request does it

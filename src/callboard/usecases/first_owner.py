"""The first owner: a link for one hour and one use, made by the deployment itself."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from callboard.domain.errors import NotSignedIn, RecordConflict
from callboard.domain.org.access import SETUP_LINKS, SetupLink, read_key
from callboard.domain.org.people import PEOPLE, Person
from callboard.domain.org.principal import SYSTEM
from callboard.domain.record import Kept
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.checked import checked
from callboard.usecases.new_keys import new_key
from callboard.usecases.recording import write
from callboard.usecases.sessions import IssuedSession, Origin, open_session
from callboard.usecases.signing_in import hashed_password

_GOOD_FOR: Final = timedelta(hours=1)
_REFUSED: Final = (
    "this link is of no use any more: it is good for one hour and one owner; `callboard serve` prints a new one"
    " where nobody is here yet"
)


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """Who the first owner is."""

    id: str
    name: str
    password: str
    email: str | None = None


async def is_nobody_here(app: App) -> bool:
    """Return whether the organisation has no person at all."""
    return not await app.records.find(PEOPLE, Wanted(limit=1))


async def new_setup_link(app: App) -> str | None:
    """Return the text of a new link; None where somebody is here. Earlier ones are of no use from now on."""
    if not await is_nobody_here(app):
        return None
    now = app.ports.clock.now()
    earlier = await app.records.find(SETUP_LINKS)
    withdrawn = [SETUP_LINKS.remove(kept) for kept in earlier]
    key = new_key(app, "cbl")
    link = SetupLink(
        id=key.id, secret_sha256=key.digest, created_at=now, expires_at=now + _GOOD_FOR
    )
    await write(
        app,
        SYSTEM,
        "people.manage",
        *withdrawn,
        SETUP_LINKS.put(link),
        note="a link for the first owner",
    )
    return str(key)


async def check_setup_link(app: App, text: str) -> None:
    """Do nothing where a link is good.

    Raises:
        NotSignedIn: it is of no use; why is not said.
    """
    await _good(app, text)


async def set_up(app: App, text: str, owner: FirstOwner, origin: Origin) -> IssuedSession:
    """Make whoever has the link the first owner, and sign them in.

    Raises:
        NotSignedIn: the link is of no use.
        ConfigurationInvalid: a field does not fit; the link stays good.
    """
    kept = await _good(app, text)
    now = app.ports.clock.now()
    person = checked(
        Person,
        id=owner.id,
        name=owner.name,
        email=owner.email,
        role="owner",
        password_hash=await hashed_password(app, owner.password),
        joined_at=now,
    )
    used = kept.value.model_copy(update={"used_at": now})
    try:
        await write(
            app,
            SYSTEM,
            "people.manage",
            SETUP_LINKS.put(used, over=kept),
            PEOPLE.put(person),
            note="the first owner",
        )
    except RecordConflict:  # somebody else used it at the same moment
        raise NotSignedIn(_REFUSED) from None
    return await open_session(app, person, "setup", origin)


async def _good(app: App, text: str) -> Kept[SetupLink]:
    key = read_key(text, "cbl")
    kept = None if key is None else await app.records.get(SETUP_LINKS, key.id)
    if key is None or kept is None or not key.opens(kept.value.secret_sha256):
        raise NotSignedIn(_REFUSED)
    late = app.ports.clock.now() >= kept.value.expires_at
    if late or kept.value.used_at is not None or not await is_nobody_here(app):
        raise NotSignedIn(_REFUSED)
    return kept

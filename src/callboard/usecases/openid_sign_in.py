"""Signing in through an identity provider."""

import hashlib
import hmac
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from callboard.domain.errors import NotSignedIn, RecordConflict
from callboard.domain.org.access import OPEN_SIGN_INS, OpenSignIn
from callboard.domain.org.people import PEOPLE, Person
from callboard.domain.org.principal import SYSTEM
from callboard.ports.openid import Identity, OpenIdProvider, Question
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.recording import write
from callboard.usecases.sessions import IssuedSession, Origin, open_session

_GOOD_FOR: Final = timedelta(minutes=10)
_REFUSED: Final = (
    "nobody here is known by this identity; ask an owner to add you with your e-mail address"
)
_LATE: Final = "this sign-in was not begun in this browser, or too long ago; begin again"
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class OpenId:
    """The provider of this deployment. `join`: whoever it vouches for becomes a member."""

    provider: OpenIdProvider
    join: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps to show that it is the same one when it comes back."""

    address: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser comes back with."""

    state: str
    code: str
    ticket: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The session of somebody who was vouched for, and the page that they wanted."""

    issued: IssuedSession
    next: str


async def begin_sign_in(app: App, openid: OpenId, redirect: str, next_page: str) -> Begun:
    """Begin to sign somebody in who wants to see a page.

    Raises:
        NotSignedIn: the provider cannot be reached.
    """
    state, nonce, verifier, ticket = (app.chance.secret() for _ in range(4))
    question = Question(redirect, state, nonce, verifier)
    address = await openid.provider.address(question)
    now = app.ports.clock.now()
    begun = OpenSignIn(
        state=state,
        browser=_digest(ticket),
        nonce=nonce,
        verifier=verifier,
        redirect=redirect,
        at=now,
        next=next_page,
    )
    oldest = await app.records.find(OPEN_SIGN_INS, Wanted(limit=20))
    gone = [OPEN_SIGN_INS.remove(one) for one in oldest if now - one.value.at >= _GOOD_FOR]
    with suppress(RecordConflict):  # another request forgets them
        await app.records.keep(gone)
    await app.records.keep((OPEN_SIGN_INS.put(begun),))
    return Begun(address, ticket)


async def finish_sign_in(app: App, openid: OpenId, answer: Answer, origin: Origin) -> SignedIn:
    """Open a session for whom the provider vouches for, where they are somebody here.

    Raises:
        NotSignedIn: they are nobody here, the provider vouches for nobody, or the answer is not one to a question
            of this browser.
    """
    begun = await _taken(app, answer)
    question = Question(begun.redirect, begun.state, begun.nonce, begun.verifier)
    identity = await openid.provider.identity(question, answer.code)
    person = await _known(app, identity)
    if person is None and openid.join:
        person = await _joined(app, identity)
    if person is None or not person.active:
        raise NotSignedIn(_REFUSED)
    return SignedIn(await open_session(app, person, "openid", origin), begun.next)


async def _taken(app: App, answer: Answer) -> OpenSignIn:
    """Return the question that an answer is to; nobody else will get it again."""
    kept = await app.records.get(OPEN_SIGN_INS, answer.state)
    if kept is None or not hmac.compare_digest(kept.value.browser, _digest(answer.ticket)):
        raise NotSignedIn(_LATE)
    try:
        await app.records.keep((OPEN_SIGN_INS.remove(kept),))
    except RecordConflict:
        raise NotSignedIn(_LATE) from None
    if app.ports.clock.now() - kept.value.at >= _GOOD_FOR:
        raise NotSignedIn(_LATE)
    return kept.value


async def _known(app: App, identity: Identity) -> Person | None:
    """Return who has this identity, or this address and no identity yet; they have it from now on."""
    people = await app.records.find(PEOPLE)
    for kept in people:
        if kept.value.subject == identity.key:
            return kept.value
    email = (identity.email or "").casefold()
    same = [one for one in people if email and (one.value.email or "").casefold() == email]
    if len(same) != 1 or same[0].value.subject is not None or not same[0].value.active:
        return None
    person = same[0].value.model_copy(update={"subject": identity.key})
    change = PEOPLE.put(person, over=same[0])
    await write(app, SYSTEM, "people.manage", change, note="vouched for by the identity provider")
    return person


async def _joined(app: App, identity: Identity) -> Person | None:
    """Let somebody join whose address is verified, and nobody's yet."""
    email = identity.email
    people = [kept.value for kept in await app.records.find(PEOPLE)]
    if email is None or any((one.email or "").casefold() == email.casefold() for one in people):
        return None
    wished = _NOT_IN_A_NAME.sub("-", email.partition("@")[0].lower()).strip("._-")[:50] or "member"
    taken = {one.id for one in people}
    free = next(name for name in _names(wished) if name not in taken)
    person = Person(
        id=free,
        name=(identity.name or free)[:200],
        email=email,
        subject=identity.key,
        joined_at=app.ports.clock.now(),
    )
    await write(
        app, SYSTEM, "people.manage", PEOPLE.put(person), note="joined by identity provider"
    )
    return person


def _names(wished: str) -> list[str]:
    return [wished, *(f"{wished}-{number}" for number in range(2, 10_000))]


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode(errors="replace")).hexdigest()

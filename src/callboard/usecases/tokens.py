"""API tokens: shown once, narrowed to scopes, let in until they expire or are revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid, NotSignedIn, UnknownThing
from callboard.domain.org.access import TOKENS, ApiToken, read_key
from callboard.domain.org.people import PEOPLE, SERVICE_ACCOUNTS
from callboard.domain.org.principal import ORGANISATION, Principal, belonging_to
from callboard.engine.authority import may, may_grant, may_grant_scope
from callboard.usecases.app import App, NotAllowed, require
from callboard.usecases.checked import checked
from callboard.usecases.new_keys import last_use, new_key, note_use
from callboard.usecases.people import principal_of
from callboard.usecases.recording import existing, write


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is to be: its name, what it is narrowed to, for how many days it is good (None: until it is
    revoked), and who its bearer acts as (None: whoever creates it).
    """

    name: str
    scopes: tuple[str, ...]
    days: int | None = 90
    account: Actor | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token and its text, which is never to be had again."""

    token: ApiToken
    text: str


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token, and when it was used last."""

    token: ApiToken
    used_at: datetime | None


async def create_token(app: App, who: Principal, wish: NewToken) -> IssuedToken:
    """Create a token for oneself, or for a service account.

    Raises:
        NotAllowed: it would be able to do more than whoever creates it, or is for somebody else.
        UnknownThing: there is no such service account.
        ConfigurationInvalid: a field does not fit, or no person of this name is here.
    """
    require(who, "token.manage", belonging_to(wish.account or who.actor))
    account = wish.account or who.actor
    await _check_account(app, who, account)
    _check_scopes(who, wish.scopes)
    now = app.ports.clock.now()
    if wish.days is not None and not 1 <= wish.days <= 3650:
        raise ConfigurationInvalid("a token is good for 1 to 3650 days, or until it is revoked")
    key = new_key(app, "cb")
    token = checked(
        ApiToken,
        id=key.id,
        name=wish.name,
        account=account,
        scopes=tuple(sorted(set(wish.scopes))),
        secret_sha256=key.digest,
        created_by=who.actor,
        created_at=now,
        expires_at=None if wish.days is None else now + timedelta(days=wish.days),
    )
    await write(app, who, "token.manage", TOKENS.put(token))
    return IssuedToken(token, str(key))


async def list_tokens(app: App, who: Principal, *, of_all: bool = False) -> list[ListedToken]:
    """Return one's own tokens, or everybody's, the oldest first; those revoked too.

    Raises:
        NotAllowed: everybody's are not theirs to see.
    """
    require(who, "token.manage", ORGANISATION if of_all else belonging_to(who.actor))
    kept = [one.value for one in await app.records.find(TOKENS)]
    return [
        ListedToken(token, await last_use(app, f"cb:{token.id}"))
        for token in kept
        if of_all or token.account == who.actor
    ]


async def revoke_token(app: App, who: Principal, token_id: str) -> ApiToken:
    """Let a token in no more. Revoking one again changes nothing.

    Raises:
        UnknownThing: there is none, or none that is theirs to revoke.
    """
    require(who, "token.manage", belonging_to(who.actor))
    kept = await app.records.get(TOKENS, token_id)
    if kept is None or not may(who, "token.manage", belonging_to(kept.value.account)):
        raise UnknownThing(f"there is no token {token_id!r} (see `callboard tokens list`)")
    if kept.value.revoked_at is not None:
        return kept.value
    token = kept.value.model_copy(update={"revoked_at": app.ports.clock.now()})
    await write(app, who, "token.manage", TOKENS.put(token, over=kept))
    return token


async def bearer_of(app: App, text: str) -> Principal:
    """Return who bears a token, with their rights of this moment.

    Raises:
        NotSignedIn: it lets nobody in. Unknown, wrong, expired and revoked ones are refused alike.
    """
    key = read_key(text, "cb")
    kept = None if key is None else await app.records.get(TOKENS, key.id)
    now = app.ports.clock.now()
    opens = key is not None and kept is not None and key.opens(kept.value.secret_sha256)
    if kept is None or not opens or not kept.value.is_good(now):
        raise NotSignedIn("this token lets nobody in")
    who = await principal_of(app, kept.value.account, frozenset(kept.value.scopes))
    if who is None:
        raise NotSignedIn("this token lets nobody in")
    await note_use(app, f"cb:{kept.value.id}", now)
    return who


async def _check_account(app: App, who: Principal, account: Actor) -> None:
    if account.kind == "integration":
        kept = await existing(
            app, SERVICE_ACCOUNTS, account.name, "see `callboard service-accounts list`"
        )
        if kept.value.role is not None and not may_grant(who, kept.value.role):
            raise NotAllowed(f"{who.actor.name} is less than {kept.value.role} themselves")
        return
    if account != who.actor:
        raise NotAllowed("a token is for oneself or for a service account, not for another person")
    if await app.records.get(PEOPLE, account.name) is None:
        raise ConfigurationInvalid(
            f"there is no person {account.name!r} that a token could stand for; add them with `callboard people"
            " add`, or create one for a service account"
        )


def _check_scopes(who: Principal, scopes: tuple[str, ...]) -> None:
    if not scopes:
        raise ConfigurationInvalid(
            "a token needs at least one scope, such as `*.read`, `run.*`, `run.start` or `*`"
        )
    for scope in scopes:
        if not may_grant_scope(who, scope):
            raise NotAllowed(f"scope {scope!r} names no action, or more than you may do yourself")

"""People and service accounts of the organisation, and the rights that each has."""

from dataclasses import dataclass

from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.people import PEOPLE, SERVICE_ACCOUNTS, Person, ServiceAccount
from callboard.domain.org.principal import Principal
from callboard.domain.org.roles import OrgRole, SpaceRole
from callboard.domain.org.space import SPACES
from callboard.domain.record import Kept
from callboard.engine.authority import may_grant
from callboard.ports.records import Wanted
from callboard.usecases.app import App, NotAllowed, require
from callboard.usecases.checked import checked
from callboard.usecases.recording import existing, require_revision, write


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Who joins, and as what."""

    id: str
    name: str
    role: OrgRole = "member"
    email: str | None = None


async def add_person(app: App, who: Principal, wish: NewPerson) -> Person:
    """Let somebody join the organisation. They cannot sign in before they have a password or an identity.

    Raises:
        NotAllowed: the role is more than they have themselves.
        ConfigurationInvalid: a field does not fit.
        RecordConflict: the id is taken.
    """
    require(who, "people.manage")
    _grant(who, wish.role)
    now = app.ports.clock.now()
    person = checked(
        Person, id=wish.id, name=wish.name, role=wish.role, email=wish.email, joined_at=now
    )
    await write(app, who, "people.manage", PEOPLE.put(person))
    return person


async def find_person(app: App, who: Principal, person_id: str) -> Kept[Person]:
    """Return somebody.

    Raises:
        UnknownThing: there is nobody of this id.
    """
    require(who, "org.read")
    return await existing(app, PEOPLE, person_id, "see `callboard people list`")


async def change_person(
    app: App, who: Principal, person_id: str, *, revision: int | None = None, **fields: object
) -> Person:
    """Change somebody's name, email, role or whether they are active; where a revision is given, only as they are in it.

    Raises:
        UnknownThing: there is nobody of this id.
        Stale: they were changed since that revision.
        NotAllowed: their role, before or after, is more than one's own.
        ConfigurationInvalid: a field does not fit, or the last owner would be gone.
    """
    require(who, "people.manage")
    kept = await existing(app, PEOPLE, person_id, "see `callboard people list`")
    require_revision(kept, revision)
    person = checked(Person, **(kept.value.model_dump() | fields))
    _grant(who, kept.value.role)
    _grant(who, person.role)
    if kept.value.role == "owner" and not (person.role == "owner" and person.active):
        await _leave_an_owner(app, person_id)
    await write(app, who, "people.manage", PEOPLE.put(person, over=kept))
    return person


async def list_people(app: App, who: Principal) -> list[Person]:
    """Return everybody who is or was here, the oldest first."""
    require(who, "org.read")
    return [kept.value for kept in await app.records.find(PEOPLE)]


async def add_service_account(
    app: App, who: Principal, account_id: str, name: str, role: OrgRole | None = None
) -> ServiceAccount:
    """Create an account for a program; whoever creates it answers for it.

    Raises:
        NotAllowed: the role is more than they have themselves.
        ConfigurationInvalid: a field does not fit.
        RecordConflict: the id is taken.
    """
    require(who, "people.manage")
    if role is not None:
        _grant(who, role)
    account = checked(
        ServiceAccount,
        id=account_id,
        name=name,
        owner=who.actor.name,
        role=role,
        joined_at=app.ports.clock.now(),
    )
    await write(app, who, "people.manage", SERVICE_ACCOUNTS.put(account))
    return account


async def list_service_accounts(app: App, who: Principal) -> list[ServiceAccount]:
    """Return the accounts of programs, the oldest first."""
    require(who, "org.read")
    return [kept.value for kept in await app.records.find(SERVICE_ACCOUNTS)]


async def principal_of(
    app: App, actor: Actor, scopes: frozenset[str] | None = None
) -> Principal | None:
    """Return an account with its rights of this moment; None where it is not there or not active. This is how a
    token or a session becomes somebody: it asks nobody's leave.
    """
    role: OrgRole | None
    if actor.kind == "person":
        person = await app.records.get(PEOPLE, actor.name)
        if person is None or not person.value.active:
            return None
        role = person.value.role
    else:
        account = await app.records.get(SERVICE_ACCOUNTS, actor.name)
        if actor.kind != "integration" or account is None or not account.value.active:
            return None
        role = account.value.role
    return Principal(actor, role, await _roles(app, f"{actor.kind}:{actor.name}"), scopes)


async def _roles(app: App, account: str) -> dict[str, SpaceRole]:
    found: dict[str, SpaceRole] = {}
    for kept in await app.records.find(SPACES, Wanted(states=("open",))):
        role = kept.value.role_of(account)
        if role is not None:
            found[kept.value.id] = role
    return found


def _grant(who: Principal, role: OrgRole) -> None:
    if not may_grant(who, role):
        raise NotAllowed(f"{who.actor.name} is less than {role} themselves")


async def _leave_an_owner(app: App, person_id: str) -> None:
    """Refuse to take the last owner's role away: nobody could give it back."""
    people = [kept.value for kept in await app.records.find(PEOPLE, Wanted(states=("active",)))]
    if not any(one.role == "owner" and one.id != person_id for one in people):
        raise ConfigurationInvalid(f"{person_id} is the only owner; make somebody else one first")

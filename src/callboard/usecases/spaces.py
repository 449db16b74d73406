"""Spaces and who belongs to them."""

from dataclasses import dataclass

from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.org.people import PEOPLE, SERVICE_ACCOUNTS
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.roles import SpaceRole
from callboard.domain.org.space import SPACES, Space
from callboard.domain.record import Kept
from callboard.engine.authority import Action, may, may_grant_in
from callboard.ports.records import Wanted
from callboard.usecases.app import App, NotAllowed, require, seen_spaces
from callboard.usecases.checked import checked
from callboard.usecases.recording import require_revision, write


@dataclass(frozen=True, slots=True)
class NewSpace:
    """What a space is to be: its id, its name, and what its tasks' keys begin with."""

    id: str
    name: str
    prefix: str
    description: str = ""
    repository: str | None = None
    workflow: str | None = None


async def create_space(app: App, who: Principal, wish: NewSpace) -> Space:
    """Create a space. Whoever creates it maintains it.

    Raises:
        ConfigurationInvalid: a field does not fit, or the prefix is another space's.
        RecordConflict: the id is taken.
    """
    require(who, "space.create")
    for other in await app.records.find(SPACES):
        if other.value.prefix == wish.prefix:
            raise ConfigurationInvalid(
                f"tasks of {other.value.id} begin with {wish.prefix} already; choose another prefix"
            )
    space = checked(
        Space,
        id=wish.id,
        name=wish.name,
        prefix=wish.prefix,
        description=wish.description,
        repository=wish.repository,
        workflow=wish.workflow,
        created_at=app.ports.clock.now(),
    )
    account = f"{who.actor.kind}:{who.actor.name}"
    if who.actor.kind in ("person", "integration") and await _exists(app, account):
        space = space.with_member(account, "maintainer")
    await write(app, who, "space.create", SPACES.put(space))
    return space


async def list_spaces(app: App, who: Principal) -> list[Space]:
    """Return the spaces that somebody sees, the oldest first."""
    spaces = seen_spaces(who, "space.read")
    found = await app.records.find(SPACES, Wanted(spaces=spaces, states=("open",)))
    return [kept.value for kept in found]


async def find_space(app: App, who: Principal, space_id: str) -> Space:
    """Return a space.

    Raises:
        UnknownThing: there is none, or none that they see.
    """
    return (await require_space(app, who, "space.read", space_id)).value


async def change_space(
    app: App, who: Principal, space_id: str, *, revision: int | None = None, **fields: object
) -> Space:
    """Change a space's fields: name, description, repository, workflow, at_once, archived; where a revision is
    given, only as it is in it.

    Raises:
        UnknownThing: there is none, or none that they see.
        NotAllowed: they may not change it, or not name a directory of the server.
        ConfigurationInvalid: a field does not fit.
        RecordConflict: somebody else changed it meanwhile, or since that revision.
    """
    kept = await require_space(app, who, "space.manage", space_id)
    if fields.get("repository") is not None:
        require_repository(who, str(fields["repository"]), kept.value)
    require_revision(kept, revision)
    space = checked(Space, **(kept.value.model_dump() | fields))
    await write(app, who, "space.manage", SPACES.put(space, over=kept))
    return space


async def set_member(
    app: App, who: Principal, space_id: str, account: str, role: SpaceRole | None
) -> Space:
    """Give an account (`person:ID` or `integration:ID`) a role in a space, or take its role away (None).

    Raises:
        NotAllowed: it is more than they have themselves.
        UnknownThing: there is no such space or account.
    """
    kept = await require_space(app, who, "member.manage", space_id)
    before = kept.value.role_of(account)
    for needed in (role, before):
        if needed is not None and not may_grant_in(who, space_id, needed):
            raise NotAllowed(f"{who.actor.name} is less than {needed} of {space_id} themselves")
    if role is not None and not await _exists(app, account):
        raise UnknownThing(f"there is no {account} (see `callboard people list`)")
    space = kept.value.with_member(account, role)
    await write(app, who, "member.manage", SPACES.put(space, over=kept))
    return space


async def require_space(app: App, who: Principal, action: Action, space_id: str) -> Kept[Space]:
    """Return a space, to whoever may take the action in it.

    Raises:
        UnknownThing: there is none, or none that they see.
        NotAllowed: they see it, and may not do this.
    """
    kept = await app.records.get(SPACES, space_id)
    if kept is None or not who.sees(space_id):
        raise UnknownThing(f"there is no space {space_id!r} (see `callboard spaces list`)")
    require(who, action, in_space(space_id))
    return kept


def require_repository(who: Principal, named: str | None, space: Space) -> None:
    """Refuse to name a directory of the server in place of the space's own, except to those who may start runs
    anywhere: it may be another space's repository, or hold what is for nobody here.

    Raises:
        NotAllowed: they may not.
    """
    if named is not None and named != space.repository and not may(who, "run.start"):
        raise NotAllowed(
            f"{who.actor.kind} {who.actor.name} may not name another repository than that of {space.id}; those who"
            " look after the whole organisation can"
        )


async def _exists(app: App, account: str) -> bool:
    kind, _, name = account.partition(":")
    if kind == "person":
        return await app.records.get(PEOPLE, name) is not None
    return kind == "integration" and await app.records.get(SERVICE_ACCOUNTS, name) is not None

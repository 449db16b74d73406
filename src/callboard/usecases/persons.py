"""People as those who are asked: who somebody is, and everybody's rights at once."""

from callboard.domain.actor import Actor
from callboard.domain.org.people import PEOPLE
from callboard.domain.org.principal import Principal, Resource, belonging_to
from callboard.domain.org.roles import SpaceRole
from callboard.domain.org.space import SPACES
from callboard.engine.authority import Action, may
from callboard.ports.records import Wanted
from callboard.usecases.app import App, NotAllowed, require


def require_person(who: Principal, action: Action = "inbox.read") -> Actor:
    """Return the person that asks, if they may take an action on what is their own.

    Raises:
        NotAllowed: it is no person, or their token is not for that.
    """
    if who.actor.kind != "person":
        raise NotAllowed(f"{who.actor.kind} {who.actor.name} is no person and has no inbox")
    require(who, action, belonging_to(who.actor))
    return who.actor


def open_to(principal: Principal, action: Action) -> tuple[str, ...] | None:
    """Return the spaces in which somebody may take an action, maybe none; None: everywhere."""
    if may(principal, action):
        return None
    return tuple(
        space for space in principal.spaces if may(principal, action, Resource(space=space))
    )


async def everybody(app: App) -> dict[str, Principal]:
    """Return all active people with their rights of this moment, by id."""
    spaces = [kept.value for kept in await app.records.find(SPACES, Wanted(states=("open",)))]
    found: dict[str, Principal] = {}
    for kept in await app.records.find(PEOPLE, Wanted(states=("active",))):
        person = kept.value
        account = f"person:{person.id}"
        roles: dict[str, SpaceRole] = {}
        for space in spaces:
            role = space.role_of(account)
            if role is not None:
                roles[space.id] = role
        found[person.id] = Principal(person.actor, person.role, roles)
    return found

"""Who asks, and with which rights; what they ask about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from callboard.domain.actor import Actor
from callboard.domain.org.roles import OrgRole, SpaceRole


@dataclass(frozen=True, slots=True)
class Principal:
    """An actor with the rights of this moment: a role in the organisation, roles by space, and the scopes of the
    token that it came with (None: no token, nothing is taken away). Events and audit records keep the actor.
    """

    actor: Actor
    role: OrgRole | None = None
    spaces: Mapping[str, SpaceRole] = field(default_factory=dict[str, SpaceRole])
    scopes: frozenset[str] | None = None

    def sees(self, space: str) -> bool:
        """Return whether anything of a space is for these eyes."""
        return self.role in ("owner", "admin") or space in self.spaces


@dataclass(frozen=True, slots=True)
class Resource:
    """What an action is on. `space` is None for what belongs to the organisation, `owner` the actor whose own
    it is, where it is somebody's.
    """

    space: str | None = None
    owner: Actor | None = None


ORGANISATION: Final = Resource()


def in_space(space: str | None) -> Resource:
    """Return something of a space; of the organisation where there is none."""
    return Resource(space=space or None)


def belonging_to(owner: Actor) -> Resource:
    """Return something that is an actor's own."""
    return Resource(owner=owner)


def as_owner(actor: Actor) -> Principal:
    """Return an actor with an owner's rights."""
    return Principal(actor, role="owner")


def on_this_machine(user: str) -> Principal:
    """Return whoever works in the deployment's own terminal: they can read and write its database, so there is
    nothing that a role could keep from them.
    """
    return as_owner(Actor(kind="person", name=user))


SYSTEM: Final = as_owner(Actor(kind="system", name="callboard"))
"""The deployment itself: its worker and its timers. It never decides in a person's place."""

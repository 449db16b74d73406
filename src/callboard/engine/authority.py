"""Who may do what: one pure function over one table.

An action is allowed to whoever holds the role that it needs in the organisation, or the one that it needs in
the space that its resource belongs to. A token's scopes only take away. Deciding, granting and vouching are for people.
"""

from dataclasses import dataclass
from typing import Final, Literal

from callboard.domain.org.principal import ORGANISATION, Principal, Resource
from callboard.domain.org.roles import (
    ORG_ROLES,
    SPACE_ROLES,
    OrgRole,
    SpaceRole,
    covers,
    covers_in_space,
)

Action = Literal[
    "agent.manage",
    "agent.publish",
    "agent.read",
    "archive.manage",
    "audit.read",
    "budget.manage",
    "limit.manage",
    "credential.manage",
    "credential.read",
    "gate.decide",
    "inbox.manage",
    "inbox.read",
    "member.manage",
    "org.read",
    "people.manage",
    "run.cancel",
    "run.fork",
    "run.read",
    "run.resume",
    "run.start",
    "run.steer",
    "schedule.manage",
    "session.manage",
    "space.create",
    "space.manage",
    "space.read",
    "task.comment",
    "task.manage",
    "task.read",
    "token.manage",
    "usage.read",
    "webhook.manage",
    "workflow.manage",
    "workflow.read",
]


@dataclass(frozen=True, slots=True)
class Need:
    """What an action needs: a role of the organisation, or one in the resource's space. `only_people`: no program
    may take it, whatever its role. `own`: everybody may take it on what is their own.
    """

    org: OrgRole
    space: SpaceRole | None = None
    only_people: bool = False
    own: bool = False


NEEDS: Final[dict[Action, Need]] = {
    "org.read": Need("member"),
    "space.create": Need("admin"),
    "people.manage": Need("admin", only_people=True),
    "audit.read": Need("admin", "maintainer"),
    "archive.manage": Need("admin"),
    "session.manage": Need("admin", own=True),
    "token.manage": Need("admin", only_people=True, own=True),
    "space.read": Need("admin", "viewer"),
    "space.manage": Need("admin", "maintainer"),
    "member.manage": Need("admin", "maintainer", only_people=True),
    "agent.read": Need("member", "viewer"),
    "agent.manage": Need("admin", "maintainer"),
    "agent.publish": Need("admin", "maintainer", only_people=True),
    "workflow.read": Need("member", "viewer"),
    "workflow.manage": Need("admin", "maintainer"),
    "credential.read": Need("admin", "maintainer"),
    "credential.manage": Need("admin", "maintainer", only_people=True),
    "budget.manage": Need("admin", "maintainer", only_people=True),
    "limit.manage": Need("admin", "maintainer", only_people=True),
    "usage.read": Need("admin", "viewer"),
    "task.read": Need("admin", "viewer"),
    "task.comment": Need("admin", "contributor"),
    "task.manage": Need("admin", "contributor"),
    "run.read": Need("admin", "viewer"),
    "run.start": Need("admin", "contributor"),
    "run.resume": Need("admin", "contributor"),
    "run.cancel": Need("admin", "contributor"),
    "run.fork": Need("admin", "contributor"),
    "run.steer": Need("admin", "contributor"),
    "inbox.read": Need("member", only_people=True, own=True),
    "inbox.manage": Need("member", only_people=True, own=True),
    "gate.decide": Need("admin", "contributor", only_people=True),
    "schedule.manage": Need("admin", "maintainer"),
    "webhook.manage": Need("admin", "maintainer"),
}
"""Every action there is. A missing one would be a type error in `require` and fails a test."""


def may(principal: Principal, action: Action, resource: Resource = ORGANISATION) -> bool:
    """Return whether a principal may take an action on a resource."""
    need = NEEDS[action]
    if principal.actor.kind == "agent" or not in_scope(principal.scopes, action):
        return False
    if need.only_people and principal.actor.kind != "person":
        return False
    if need.own and resource.owner == principal.actor:
        return True
    if resource.space is None:
        return covers(principal.role, need.org)
    held = principal.spaces.get(resource.space)
    above = need.org if need.space is None else "admin"
    return covers_in_space(held, need.space) or covers(principal.role, above)


def held_roles(principal: Principal, space: str) -> frozenset[str]:
    """Return every role that a principal has in a space, those included that a higher one covers."""
    by_space = principal.spaces.get(space)
    rules = covers(principal.role, "admin")
    theirs = {role for role in SPACE_ROLES if rules or covers_in_space(by_space, role)}
    return frozenset(theirs | {role for role in ORG_ROLES if covers(principal.role, role)})


def in_scope(scopes: frozenset[str] | None, action: str) -> bool:
    """Return whether a token's scopes leave an action: `*`, `noun.*`, `*.verb` or the action itself."""
    if scopes is None:
        return True
    noun, _, verb = action.partition(".")
    return not scopes.isdisjoint({"*", action, f"{noun}.*", f"*.{verb}"})


def may_grant(principal: Principal, role: OrgRole) -> bool:
    """Return whether a principal may give a role of the organisation: never more than its own."""
    return may(principal, "people.manage") and covers(principal.role, role)


def may_grant_in(principal: Principal, space: str, role: SpaceRole) -> bool:
    """Return whether a principal may give a role in a space: never more than its own there."""
    if not may(principal, "member.manage", Resource(space=space)):
        return False
    return covers(principal.role, "admin") or covers_in_space(principal.spaces.get(space), role)


def may_grant_scope(principal: Principal, scope: str) -> bool:
    """Return whether a principal may put a scope into a token: never more than its own token leaves it."""
    granted = [action for action in NEEDS if in_scope(frozenset({scope}), action)]
    return bool(granted) and all(in_scope(principal.scopes, action) for action in granted)

"""Roles: what somebody is to the organisation, and to a space."""

from typing import Final, Literal

OrgRole = Literal["owner", "admin", "member"]
SpaceRole = Literal["maintainer", "contributor", "viewer"]

ORG_ROLES: Final[tuple[OrgRole, ...]] = ("member", "admin", "owner")
"""From the least to the most."""
SPACE_ROLES: Final[tuple[SpaceRole, ...]] = ("viewer", "contributor", "maintainer")
"""From the least to the most."""


def covers(held: OrgRole | None, needed: OrgRole | None) -> bool:
    """Return whether a role of the organisation includes another. Nobody holds what is needed by `None`."""
    if held is None or needed is None:
        return False
    return ORG_ROLES.index(held) >= ORG_ROLES.index(needed)


def covers_in_space(held: SpaceRole | None, needed: SpaceRole | None) -> bool:
    """Return whether a role in a space includes another. Nobody holds what is needed by `None`."""
    if held is None or needed is None:
        return False
    return SPACE_ROLES.index(held) >= SPACE_ROLES.index(needed)

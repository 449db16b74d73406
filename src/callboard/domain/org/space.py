"""A space: the boundary around one service, team or project."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from callboard.domain.frozen import Frozen
from callboard.domain.org.roles import SpaceRole
from callboard.domain.record import Kind
from callboard.domain.workflow import Landing

_SPACE_ID: Final = r"^[a-z0-9][a-z0-9-]{0,63}$"
SpaceId = Annotated[str, Field(pattern=_SPACE_ID)]
TaskPrefix = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")]


class Member(Frozen):
    """A role in a space. `account` says whose: `person:ID` or `integration:ID`."""

    account: Annotated[str, Field(pattern=r"^(person|integration):[a-z0-9][a-z0-9._-]*$")]
    role: SpaceRole


class Space(Frozen):
    """What belongs together, and who belongs to it.

    `prefix` begins the keys of its tasks, `next_task` is the number of the next one. `repository` and `workflow`
    are those of tasks that name no others. `landing` says whether their changes end as branches or are
    handed on to the forge. `at_once` bounds how many of its tasks are worked on at a time.
    """

    id: SpaceId
    name: Annotated[str, Field(min_length=1, max_length=200)]
    prefix: TaskPrefix
    description: str = ""
    repository: str | None = None
    workflow: str | None = None
    landing: Landing = "branch"
    at_once: Annotated[int, Field(ge=1, le=1000)] = 4
    members: tuple[Member, ...] = ()
    next_task: Annotated[int, Field(ge=1)] = 1
    archived: bool = False
    created_at: datetime

    def role_of(self, account: str) -> SpaceRole | None:
        """Return an account's role here."""
        return next((one.role for one in self.members if one.account == account), None)

    def with_member(self, account: str, role: SpaceRole | None) -> "Space":
        """Return the space in which an account has a role, or none."""
        others = tuple(one for one in self.members if one.account != account)
        added = () if role is None else (Member(account=account, role=role),)
        members = tuple(sorted(others + added, key=lambda one: one.account))
        return self.model_copy(update={"members": members})


def is_space_id(text: str) -> bool:
    """Return whether a text can be the id of a space; runs of none name their directory in its place."""
    return re.fullmatch(_SPACE_ID, text) is not None


SPACES: Final = Kind(
    "space",
    Space,
    key=lambda space: space.id,
    space=lambda space: space.id,
    state=lambda space: "archived" if space.archived else "open",
)

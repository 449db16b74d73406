"""Those who belong to the organisation."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.frozen import Frozen
from callboard.domain.org.roles import OrgRole
from callboard.domain.record import Kind

LoginName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class Person(Frozen):
    """Somebody with a name. `password_hash` is argon2's own text, `subject` the identity that an OpenID provider
    vouches for (issuer and subject); without either they cannot sign in. Who left is not deleted but inactive:
    their name stands in logs for ever.
    """

    id: LoginName
    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: str | None = None
    role: OrgRole = "member"
    active: bool = True
    password_hash: str | None = None
    subject: str | None = None
    joined_at: datetime

    @property
    def actor(self) -> Actor:
        """The actor that this person is in events."""
        return Actor(kind="person", name=self.id)


class ServiceAccount(Frozen):
    """A program with rights of its own. It never decides where a person is asked. `owner` answers for it."""

    id: LoginName
    name: Annotated[str, Field(min_length=1, max_length=200)]
    owner: LoginName
    role: OrgRole | None = None
    active: bool = True
    joined_at: datetime

    @property
    def actor(self) -> Actor:
        """The actor that this account is in events."""
        return Actor(kind="integration", name=self.id)


def _standing(active: bool) -> str:
    return "active" if active else "inactive"


PEOPLE: Final = Kind(
    "person",
    Person,
    key=lambda person: person.id,
    state=lambda person: _standing(person.active),
    hidden=frozenset({"password_hash"}),
)
SERVICE_ACCOUNTS: Final = Kind(
    "service_account",
    ServiceAccount,
    key=lambda account: account.id,
    state=lambda account: _standing(account.active),
)

"""What the commands about the organisation share: options, and how people and spaces are written."""

from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.people import Person, ServiceAccount
from callboard.domain.org.roles import ORG_ROLES, SPACE_ROLES, OrgRole, SpaceRole
from callboard.domain.org.space import Space

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
R = TypeVar("R", bound=str)


def org_role(text: str | None) -> OrgRole | None:
    """Return a role of the organisation, as somebody wrote it.

    Raises:
        ConfigurationInvalid: there is none of this name.
    """
    if text is None:
        return None
    role: OrgRole = _role(text, ORG_ROLES)
    return role


def space_role(text: str) -> SpaceRole:
    """Return a role in a space, as somebody wrote it.

    Raises:
        ConfigurationInvalid: there is none of this name.
    """
    return _role(text, SPACE_ROLES)


def _role(text: str, roles: tuple[R, ...]) -> R:
    for role in roles:
        if role == text:
            return role
    raise ConfigurationInvalid(f"--role {text!r}: use one of {', '.join(reversed(roles))}")


def changes_of(**fields: object) -> dict[str, Any]:
    """Return the fields that somebody gave a value for.

    Raises:
        ConfigurationInvalid: there is none.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    if not given:
        raise ConfigurationInvalid("nothing is to be changed: name at least one option")
    return given


def account_of(text: str) -> str:
    """Return an account by its full name; a bare name is a person's.

    Raises:
        ConfigurationInvalid: it names neither a person nor a service account.
    """
    kind, colon, name = text.partition(":")
    if not colon:
        return f"person:{text}"
    if kind in ("person", "integration") and name:
        return text
    raise ConfigurationInvalid(
        f"{text!r}: use `person:ID`, or `integration:ID` of a service account"
    )


def joined(at: datetime, active: bool) -> str:
    """Return since when somebody is here."""
    return f"{moment(at)}{'' if active else ' (inactive)'}"


def moment(at: datetime | None) -> str:
    """Return a time in the zone of whoever reads it."""
    return "never" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M")


def person_json(person: Person) -> dict[str, Any]:
    """Return a person without what is kept of their password."""
    shown: dict[str, object] = person.model_dump(mode="json", exclude={"password_hash"})
    shown["has_password"] = person.password_hash is not None
    return shown


def account_json(account: ServiceAccount) -> dict[str, Any]:
    """Return a service account."""
    return account.model_dump(mode="json")


def space_json(space: Space) -> dict[str, Any]:
    """Return a space with its members."""
    return space.model_dump(mode="json")

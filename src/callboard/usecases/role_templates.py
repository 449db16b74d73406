"""Ready-made roles, to start an agent from."""

from collections.abc import Sequence

from callboard.definitions.role_templates import RoleTemplate, role_template, role_templates
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App, seen_spaces


def list_role_templates(app: App, who: Principal) -> Sequence[RoleTemplate]:
    """Return all roles, in the order in which people meet them."""
    seen_spaces(who, "agent.read")
    return role_templates(app.ports.tools.names())


def find_role_template(app: App, who: Principal, name: str) -> RoleTemplate:
    """Return a role.

    Raises:
        UnknownThing: there is none of this name.
    """
    seen_spaces(who, "agent.read")
    return role_template(name, app.ports.tools.names())

"""Roles to start an agent from: those that come with the product, and the organisation's own."""

from dataclasses import dataclass

from callboard.definitions.role_templates import ROLES, RoleTemplate, role_template, role_templates
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import UnknownThing
from callboard.domain.org.principal import Principal
from callboard.domain.org.role_template import OWN_TEMPLATES, OwnTemplate
from callboard.usecases.app import App, require, seen_spaces
from callboard.usecases.checked import checked
from callboard.usecases.recording import existing, write
from callboard.usecases.roster import refuse_secrets
from callboard.usecases.roster_reading import find_in_roster, version_of


@dataclass(frozen=True, slots=True)
class Template:
    """A role to start from, with an example of a task for it. `own` is None where it comes with the product."""

    definition: AgentDefinition
    task: str
    own: OwnTemplate | None = None


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """What is to be kept as a role: an agent of the roster, in a version (None: the one that counts), under an id of
    its own (None: the agent's).
    """

    agent: str
    number: int | None = None
    id: str | None = None
    task: str = ""
    note: str = ""


async def list_role_templates(app: App, who: Principal) -> list[Template]:
    """Return all roles: the organisation's own by id, then those that come with the product."""
    seen_spaces(who, "agent.read")
    own = [_own(kept.value) for kept in await app.records.find(OWN_TEMPLATES)]
    taken = {one.definition.id for one in own}
    shipped = [_shipped(one) for one in role_templates(app.ports.tools.names())]
    own.sort(key=lambda one: one.definition.id)
    return [*own, *(one for one in shipped if one.definition.id not in taken)]


async def find_role_template(app: App, who: Principal, name: str) -> Template:
    """Return a role.

    Raises:
        UnknownThing: there is none of this name.
    """
    seen_spaces(who, "agent.read")
    kept = await app.records.get(OWN_TEMPLATES, name)
    if kept is not None:
        return _own(kept.value)
    return _shipped(role_template(name, app.ports.tools.names()))


async def save_template(app: App, who: Principal, wish: NewTemplate) -> OwnTemplate:
    """Keep an agent of the roster as a role for everybody, in place of the one of this name.

    Raises:
        UnknownThing: there is no such agent or version, or none that they see.
        ConfigurationInvalid: the id does not fit, or it holds a secret.
        RecordConflict: somebody else saved it meanwhile.
    """
    require(who, "agent.manage")
    listed = await find_in_roster(app, who, wish.agent)
    version = listed.version
    if wish.number is not None:
        version = await version_of(app, wish.agent, wish.number)
    changed = {"id": wish.id or wish.agent, "publisher": None, "version": None}
    definition = checked(AgentDefinition, **(version.definition.model_dump() | changed))
    refuse_secrets(definition)
    template = checked(
        OwnTemplate,
        definition=definition,
        task=wish.task,
        note=wish.note,
        author=who.actor,
        saved_at=app.ports.clock.now(),
    )
    kept = await app.records.get(OWN_TEMPLATES, template.id)
    await write(app, who, "agent.manage", OWN_TEMPLATES.put(template, over=kept), note=wish.note)
    return template


async def remove_template(app: App, who: Principal, name: str) -> None:
    """Keep a role of the organisation's own no longer. Agents that began with it stay as they are.

    Raises:
        UnknownThing: there is none of this name; those that come with the product cannot be removed.
    """
    require(who, "agent.manage")
    if name in ROLES and await app.records.get(OWN_TEMPLATES, name) is None:
        raise UnknownThing(f"{name} comes with the product and stays")
    kept = await existing(app, OWN_TEMPLATES, name, "see `callboard templates list`")
    await write(app, who, "agent.manage", OWN_TEMPLATES.remove(kept))


def _own(kept: OwnTemplate) -> Template:
    return Template(kept.definition, kept.task, kept)


def _shipped(one: RoleTemplate) -> Template:
    return Template(one.definition, one.task)

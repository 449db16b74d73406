"""The roster: agents of the organisation, saved in versions and changed by those who manage them."""

from collections.abc import Mapping
from dataclasses import dataclass

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, RecordConflict, UnknownThing
from callboard.domain.message import ToolOutputs
from callboard.domain.org.people import PEOPLE, SERVICE_ACCOUNTS
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.roster import (
    ROSTER,
    ROSTER_VERSIONS,
    RosterAgent,
    RosterVersion,
)
from callboard.domain.org.space import SPACES
from callboard.domain.record import Kept
from callboard.domain.tool import json_outputs
from callboard.engine.secrets_found import redact_outputs
from callboard.usecases.app import App, require
from callboard.usecases.checked import checked
from callboard.usecases.recording import write
from callboard.usecases.roster_reading import require_agent, require_reading, saved_versions

Scope = tuple[str, ...] | None
"""The spaces that an agent plays in; None: all of them."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What is to be saved: a definition, and where the agent plays if it is new."""

    definition: AgentDefinition
    spaces: Scope = None
    owner: str | None = None
    note: str = ""


async def save_agent(
    app: App, who: Principal, wish: NewVersion, *, revision: int | None = None
) -> RosterVersion:
    """Save a definition as the next version of its agent, which is a new one, and a draft, where there is none. A
    definition that is saved already is not saved again: its version is returned.

    What is live stays live: see `promote_agent`. The scope of an agent that is there stays as it is.

    Raises:
        ConfigurationInvalid: the definition holds a secret, or something does not fit.
        UnknownThing: a space of its scope is not there, or the agent is none that they see.
        RecordConflict: somebody else changed the agent meanwhile.
    """
    kept = await require_or_new(app, who, wish)
    if kept is not None:
        check_revision(kept, revision)
    planned = await planned_version(app, who, wish, kept)
    if planned.is_new:
        writes = (ROSTER.put(planned.agent, over=kept), ROSTER_VERSIONS.put(planned.version))
        await write(app, who, "agent.manage", *writes, note=wish.note)
    return planned.version


@dataclass(frozen=True, slots=True)
class PlannedVersion:
    """What saving comes to: the agent as it then is, and the version, which `is_new` or saved already."""

    agent: RosterAgent
    version: RosterVersion
    is_new: bool


async def planned_version(
    app: App, who: Principal, wish: NewVersion, kept: Kept[RosterAgent] | None
) -> PlannedVersion:
    """Return what saving a definition comes to, over what is there.

    Raises:
        ConfigurationInvalid: the definition holds a secret, or something does not fit.
    """
    require_reading(who)
    definition = wish.definition
    refuse_secrets(definition)
    now, digest = app.ports.clock.now(), definition.digest
    if kept is not None:
        for one in await saved_versions(app, definition.id):
            if one.digest == digest:
                return PlannedVersion(kept.value, one, is_new=False)
    number = kept.value.latest + 1 if kept is not None else 1
    version = checked(
        RosterVersion,
        agent=definition.id,
        number=number,
        definition=definition,
        digest=digest,
        author=who.actor,
        note=wish.note,
        at=now,
    )
    if kept is not None:
        agent = kept.value.model_copy(update={"latest": number})
    else:
        owner = wish.owner or _account(who)
        fields = {"id": definition.id, "spaces": _sorted(wish.spaces), "owner": owner}
        agent = checked(RosterAgent, **fields, created_at=now)
    return PlannedVersion(agent, version, is_new=True)


async def change_agent(
    app: App,
    who: Principal,
    agent_id: str,
    fields: Mapping[str, object],
    *,
    revision: int | None = None,
) -> RosterAgent:
    """Change where an agent plays (`spaces`), who answers for it (`owner`), or how many of its runs are under way at a
    time (`at_once`).

    Raises:
        UnknownThing: no such agent or space, or none that they see.
        NotAllowed: they do not manage all of the scope, before or after.
        ConfigurationInvalid: a field does not fit.
        RecordConflict: somebody else changed it meanwhile.
    """
    kept = await require_agent(app, who, "agent.manage", agent_id)
    check_revision(kept, revision)
    strange = sorted(fields.keys() - {"spaces", "owner", "at_once"})
    if strange:
        raise ConfigurationInvalid(f"{', '.join(strange)} of an agent cannot be changed like this")
    agent = checked(RosterAgent, **(kept.value.model_dump() | dict(fields)))
    agent = agent.model_copy(update={"spaces": _sorted(agent.spaces)})
    await _check_scope(app, who, agent.spaces)
    if agent.owner != kept.value.owner:
        await _check_owner(app, who, agent.owner)
    await write(app, who, "agent.manage", ROSTER.put(agent, over=kept))
    return agent


def check_revision(kept: Kept[RosterAgent], revision: int | None) -> None:
    """Refuse a change to what is not as it was looked at; None: it was not looked at.

    Raises:
        RecordConflict: somebody changed it meanwhile.
    """
    if revision is not None and kept.revision != revision:
        raise RecordConflict(
            f"{kept.value.id} was changed meanwhile (revision {kept.revision}, not {revision}); look at it again"
        )


def refuse_secrets(definition: AgentDefinition) -> None:
    """Refuse a definition that holds a secret: it would be in every record and export.

    Raises:
        ConfigurationInvalid: it does; names the fields and what was found, never the secret.
    """
    found = [
        name
        for name, value in definition.to_json().items()
        if _is_secret(json_outputs({name: value}))
    ]
    if found:
        raise ConfigurationInvalid(
            f"{definition.id}: there seems to be a secret in {', '.join(found)}; store it with `callboard "
            "credentials set`, and name it in `credential`"
        )


def _is_secret(outputs: ToolOutputs) -> bool:
    return redact_outputs(outputs) != outputs


async def require_or_new(app: App, who: Principal, wish: NewVersion) -> Kept[RosterAgent] | None:
    """Return the agent that is to be saved, to whoever may; None where it is new.

    Raises:
        UnknownThing: it is none that they see, or a space of its scope is not there.
        NotAllowed: they do not manage all of its scope.
    """
    if await app.records.get(ROSTER, wish.definition.id) is not None:
        return await require_agent(app, who, "agent.manage", wish.definition.id)
    await _check_scope(app, who, wish.spaces)
    await _check_owner(app, who, wish.owner)
    return None


async def _check_scope(app: App, who: Principal, spaces: Scope) -> None:
    """Refuse a scope that somebody does not manage all of.

    Raises:
        UnknownThing: there is no such space, or none that they see.
        NotAllowed: they see it and do not manage it.
    """
    if spaces is None:
        require(who, "agent.manage")
    for space in spaces or ():
        if not who.sees(space) or await app.records.get(SPACES, space) is None:
            raise UnknownThing(f"there is no space {space!r} (see `callboard spaces list`)")
        require(who, "agent.manage", in_space(space))


async def _check_owner(app: App, who: Principal, owner: str | None) -> None:
    """Refuse an owner who is not here. Somebody at the deployment's own terminal may have no account.

    Raises:
        UnknownThing: there is no such account.
    """
    kind, _, name = (owner or "").partition(":")
    if owner is None or owner == _account(who):
        return
    if kind == "person":
        found: object = await app.records.get(PEOPLE, name)
    else:
        found = await app.records.get(SERVICE_ACCOUNTS, name)
    if found is None:
        raise UnknownThing(f"there is no {owner} (see `callboard people list`)")


def _account(who: Principal) -> str | None:
    return (
        f"{who.actor.kind}:{who.actor.name}"
        if who.actor.kind in ("person", "integration")
        else None
    )


def _sorted(spaces: Scope) -> Scope:
    return None if spaces is None else tuple(sorted(set(spaces)))

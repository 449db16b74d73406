"""Taking a team out as files, and bringing it in again: nothing is changed before the difference is seen."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from callboard.definitions.written import agent_as_yaml, workflow_as_yaml
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.bundle import Bundle, Lock, LockedAgent, LockedWorkflow
from callboard.domain.org.flow import WORKFLOWS
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.roster import ROSTER, ROSTER_VERSIONS, RosterAgent
from callboard.domain.record import Kept, Put
from callboard.domain.tool import json_outputs
from callboard.domain.workflow import WorkflowDefinition
from callboard.engine.secrets_found import redact_outputs
from callboard.usecases.app import App, require
from callboard.usecases.recording import write
from callboard.usecases.roster import (
    NewVersion,
    Scope,
    list_roster,
    planned_version,
    refuse_secrets,
    require_agent,
    require_or_new,
    require_reading,
    shown_version,
)
from callboard.usecases.workflows import (
    digest_of,
    find_workflow,
    list_workflows,
    planned_workflow,
)

Change = Literal["new", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """What becomes of one definition. `live`: it is what workflows follow, or tasks go by, afterwards."""

    kind: Literal["agent", "workflow"]
    id: str
    change: Change
    version: int
    live: bool
    diff: str


@dataclass(frozen=True, slots=True)
class ImportWish:
    """What is brought in, and how. `spaces` stand in place of those of the agents that are new here; None: as they
    were. `edited`: also where files are not what the lock says.
    """

    bundle: Bundle
    spaces: Scope = None
    note: str = ""
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Import:
    """What an import changes, or changed. `edited` are the files that are not what the lock says."""

    incoming: tuple[Incoming, ...]
    edited: tuple[str, ...]
    applied: bool = False


async def export_team(app: App, who: Principal) -> Bundle:
    """Return the agents of the roster (but those retired) and the workflows that somebody sees, as definitions
    and a lock. Credentials are in it by name only.

    Raises:
        ConfigurationInvalid: something in it looks like a secret; names where, never what.
    """
    require_reading(who)
    listed = [one for one in await list_roster(app, who) if one.agent.state != "retired"]
    flows = [one for one in await list_workflows(app, who) if one.version is not None]
    for one in listed:
        refuse_secrets(one.version.definition)
    for flow in flows:
        _refuse_secrets(flow.definition)
    lock = Lock(
        agents={
            one.agent.id: LockedAgent(
                version=one.version.number,
                digest=one.version.digest,
                state=one.agent.state,
                spaces=one.agent.spaces,
                at_once=one.agent.at_once,
                model=one.version.definition.model,
                skills=one.version.definition.skills,
            )
            for one in listed
        },
        workflows={
            flow.definition.id: LockedWorkflow(
                version=flow.version or 1, digest=digest_of(flow.definition), space=flow.space
            )
            for flow in flows
        },
        models=tuple(sorted({one.version.definition.model for one in listed})),
    )
    agents = {one.agent.id: one.version.definition for one in listed}
    return Bundle(agents, {flow.definition.id: flow.definition for flow in flows}, lock)


async def show_import(app: App, who: Principal, wish: ImportWish) -> Import:
    """Return what an import would change.

    Raises:
        ConfigurationInvalid: a definition holds a secret, or a workflow is somebody else's.
        NotAllowed: they do not manage what it would change.
        UnknownThing: a space is not there.
    """
    require_reading(who)
    found, _ = await _planned(app, who, wish)
    return Import(found, _edited(wish.bundle))


async def import_team(app: App, who: Principal, wish: ImportWish) -> Import:
    """Bring everything in, or nothing: new versions of agents, which go live where they were, and of workflows.

    Raises:
        ConfigurationInvalid: files are not what the lock says and that is not meant, a definition holds a secret, or a
            workflow is somebody else's.
        NotAllowed: they do not manage what it changes, or not make it live.
        UnknownThing: a space is not there.
        RecordConflict: somebody else changed something of it meanwhile.
    """
    require_reading(who)
    edited = _edited(wish.bundle)
    if edited and not wish.edited:
        raise ConfigurationInvalid(
            f"{', '.join(edited)}: not what the lock says. If that is meant, import with --edited"
        )
    found, writes = await _planned(app, who, wish)
    if writes:
        said = f"import of {len(found)} definitions"
        note = f"{said}: {wish.note}" if wish.note else said
        await write(app, who, "agent.publish", *writes, note=note)
    return Import(found, edited, applied=True)


async def _planned(
    app: App, who: Principal, wish: ImportWish
) -> tuple[tuple[Incoming, ...], list[Put]]:
    found: list[Incoming] = []
    writes: list[Put] = []
    for name in sorted(wish.bundle.agents):
        one, puts = await _agent(app, who, wish, name)
        found.append(one)
        writes += puts
    for name in sorted(wish.bundle.workflows):
        one, puts = await _workflow(app, who, wish, name)
        found.append(one)
        writes += puts
    return tuple(found), writes


async def _agent(
    app: App, who: Principal, wish: ImportWish, name: str
) -> tuple[Incoming, Sequence[Put]]:
    definition = wish.bundle.agents[name]
    locked = wish.bundle.lock.agents.get(name)
    scope = wish.spaces or (locked.spaces if locked is not None else None)
    new = NewVersion(definition, scope, note=wish.note)
    kept = await require_or_new(app, who, new)
    planned = await planned_version(app, who, new, kept)
    before = (
        "" if kept is None else agent_as_yaml((await shown_version(app, kept.value)).definition)
    )
    number, agent = planned.version.number, planned.agent
    if kept is None and locked is not None:
        agent = agent.model_copy(update={"at_once": locked.at_once})
    if locked is not None and locked.state == "live":
        agent = await _gone_live(app, who, agent, kept, number)
    puts = [ROSTER_VERSIONS.put(planned.version)] if planned.is_new else []
    if kept is None or agent != kept.value:
        puts.append(ROSTER.put(agent, over=kept))
    change: Change = "new" if kept is None else "changed" if puts else "same"
    diff = _diff(before, agent_as_yaml(definition), f"agents/{name}.yaml")
    return Incoming("agent", name, change, number, agent.live == number, diff), puts


async def _gone_live(
    app: App, who: Principal, agent: RosterAgent, kept: Kept[RosterAgent] | None, number: int
) -> RosterAgent:
    """Return an agent with a version live, to whoever may make it so. One that is retired here stays retired."""
    if agent.live == number or agent.state == "retired":
        return agent
    if kept is not None:
        await require_agent(app, who, "agent.publish", agent.id)
    for space in agent.spaces or (None,):
        require(who, "agent.publish", in_space(space))
    return agent.with_live(number)


async def _workflow(
    app: App, who: Principal, wish: ImportWish, name: str
) -> tuple[Incoming, Sequence[Put]]:
    definition = wish.bundle.workflows[name]
    _refuse_secrets(definition)
    locked = wish.bundle.lock.workflows.get(name)
    space = locked.space if locked is not None else None
    version, puts = await planned_workflow(app, who, definition, space=space, note=wish.note)
    there = await app.records.get(WORKFLOWS, name) is not None
    before = workflow_as_yaml((await find_workflow(app, who, name)).definition) if there else ""
    change: Change = ("changed" if there else "new") if puts else "same"
    diff = _diff(before, workflow_as_yaml(definition), f"workflows/{name}.yaml")
    return Incoming("workflow", name, change, version.number, live=True, diff=diff), puts


def _edited(bundle: Bundle) -> tuple[str, ...]:
    """Return the files that are not what the lock says: changed, added or taken away."""
    said = {f"agents/{name}.yaml": one.digest for name, one in bundle.lock.agents.items()}
    said |= {f"workflows/{name}.yaml": one.digest for name, one in bundle.lock.workflows.items()}
    found = {f"agents/{name}.yaml": one.digest for name, one in bundle.agents.items()}
    found |= {f"workflows/{name}.yaml": digest_of(one) for name, one in bundle.workflows.items()}
    names = sorted(said.keys() | found.keys())
    return tuple(name for name in names if said.get(name) != found.get(name))


def _diff(before: str, after: str, name: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"here/{name}", name, lineterm=""
    )
    return "\n".join(lines)


def _refuse_secrets(definition: WorkflowDefinition) -> None:
    for field, value in definition.model_dump(mode="json").items():
        outputs = json_outputs({field: value})
        if redact_outputs(outputs) != outputs:
            raise ConfigurationInvalid(
                f"workflow {definition.id}: there seems to be a secret in {field}; take it out first"
            )

"""What becomes of each definition that is brought in."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from callboard.definitions.written import agent_as_yaml, workflow_as_yaml
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.bundle import Bundle
from callboard.domain.org.flow import WORKFLOWS
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.role_template import OWN_TEMPLATES, OwnTemplate
from callboard.domain.org.roster import ROSTER, ROSTER_VERSIONS, RosterAgent
from callboard.domain.record import Kept, Put
from callboard.domain.tool import json_outputs
from callboard.domain.workflow import WorkflowDefinition
from callboard.engine.secrets_found import redact_outputs
from callboard.usecases.app import App, require
from callboard.usecases.checked import checked
from callboard.usecases.roster import (
    NewVersion,
    Scope,
    planned_version,
    refuse_secrets,
    require_or_new,
)
from callboard.usecases.roster_reading import require_agent, require_reading, shown_version
from callboard.usecases.workflows import find_workflow, planned_workflow

Change = Literal["new", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """What becomes of one definition. `live`: it is what workflows follow, or tasks go by, afterwards."""

    kind: Literal["agent", "workflow", "template"]
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


async def planned_import(
    app: App, who: Principal, wish: ImportWish
) -> tuple[tuple[Incoming, ...], list[Put]]:
    """Return what an import changes, and what is written for it.

    Raises:
        ConfigurationInvalid: a definition holds a secret, or a workflow is somebody else's.
        NotAllowed: they do not manage what it would change.
        UnknownThing: a space is not there.
    """
    require_reading(who)
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
    for name in sorted(wish.bundle.templates):
        one, puts = await _template(app, who, wish, name)
        found.append(one)
        writes += puts
    return tuple(found), writes


async def _template(
    app: App, who: Principal, wish: ImportWish, name: str
) -> tuple[Incoming, Sequence[Put]]:
    brought = wish.bundle.templates[name]
    require(who, "agent.manage")
    refuse_secrets(brought.definition)
    template = checked(
        OwnTemplate,
        definition=brought.definition,
        task=brought.task,
        note=wish.note,
        author=who.actor,
        saved_at=app.ports.clock.now(),
    )
    kept = await app.records.get(OWN_TEMPLATES, name)
    is_same = kept is not None and kept.value.digest == template.digest
    change: Change = "new" if kept is None else "same" if is_same else "changed"
    puts = [] if is_same else [OWN_TEMPLATES.put(template, over=kept)]
    before = "" if kept is None else agent_as_yaml(kept.value.definition)
    diff = _diff(before, agent_as_yaml(brought.definition), f"templates/{name}.yaml")
    return Incoming("template", name, change, 1, live=True, diff=diff), puts


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
    refuse_secrets_in(definition)
    locked = wish.bundle.lock.workflows.get(name)
    space = locked.space if locked is not None else None
    version, puts = await planned_workflow(app, who, definition, space=space, note=wish.note)
    there = await app.records.get(WORKFLOWS, name) is not None
    before = workflow_as_yaml((await find_workflow(app, who, name)).definition) if there else ""
    change: Change = ("changed" if there else "new") if puts else "same"
    diff = _diff(before, workflow_as_yaml(definition), f"workflows/{name}.yaml")
    return Incoming("workflow", name, change, version.number, live=True, diff=diff), puts


def _diff(before: str, after: str, name: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"here/{name}", name, lineterm=""
    )
    return "\n".join(lines)


def refuse_secrets_in(definition: WorkflowDefinition) -> None:
    """Refuse a workflow that holds a secret: it would be in every record and export.

    Raises:
        ConfigurationInvalid: it does; names the field and never the secret.
    """
    for field, value in definition.model_dump(mode="json").items():
        outputs = json_outputs({field: value})
        if redact_outputs(outputs) != outputs:
            raise ConfigurationInvalid(
                f"workflow {definition.id}: there seems to be a secret in {field}; take it out first"
            )

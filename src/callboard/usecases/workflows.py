"""Workflows of the organisation and its spaces: versions, which one is live, and how they differ."""

import difflib
import hashlib
from dataclasses import dataclass

from callboard.definitions.findings import Findings
from callboard.definitions.workflows import check_workflow, load_workflow, shipped_workflows
from callboard.definitions.written import workflow_as_yaml
from callboard.domain.errors import ConfigurationInvalid, DefinitionInvalid, UnknownThing
from callboard.domain.org.flow import (
    WORKFLOW_VERSIONS,
    WORKFLOWS,
    WorkflowRecord,
    WorkflowVersion,
)
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.record import Kept, Put
from callboard.domain.workflow import WorkflowDefinition
from callboard.ports.records import Wanted
from callboard.usecases.app import App, require
from callboard.usecases.recording import write


@dataclass(frozen=True, slots=True)
class Flow:
    """A workflow with the version that is meant. `version` is None for one that comes with the product."""

    definition: WorkflowDefinition
    version: int | None
    space: str | None = None
    live: int | None = None


def checked_workflow(raw: object) -> WorkflowDefinition:
    """Return the workflow in plain values.

    Raises:
        DefinitionInvalid: they do not hold one; carries every problem.
    """
    findings = Findings("workflow")
    definition = check_workflow(raw, findings)
    if definition is None or findings.problems:
        raise DefinitionInvalid(findings.problems)
    return definition


async def apply_workflow(
    app: App,
    who: Principal,
    definition: WorkflowDefinition,
    *,
    space: str | None = None,
    note: str = "",
) -> WorkflowVersion:
    """Make a definition the live version of its workflow; applying what is live already changes nothing.

    Raises:
        ConfigurationInvalid: the workflow belongs to somebody else.
        RecordConflict: somebody else applied another one at the same moment.
    """
    require(who, "workflow.manage", in_space(space))
    version, writes = await planned_workflow(app, who, definition, space=space, note=note)
    if writes:
        await write(app, who, "workflow.manage", *writes, note=note)
    return version


async def planned_workflow(
    app: App,
    who: Principal,
    definition: WorkflowDefinition,
    *,
    space: str | None = None,
    note: str = "",
) -> tuple[WorkflowVersion, tuple[Put, ...]]:
    """Return the version that applying a definition comes to, and what there is to write: nothing where it is live.

    Raises:
        ConfigurationInvalid: the workflow belongs to somebody else.
    """
    require(who, "workflow.manage", in_space(space))
    kept = await app.records.get(WORKFLOWS, definition.id)
    if kept is not None and kept.value.space != space:
        whose = f"space {kept.value.space}" if kept.value.space else "the whole organisation"
        raise ConfigurationInvalid(
            f"workflow {definition.id} belongs to {whose}; choose another id"
        )
    digest = digest_of(definition)
    if kept is not None:
        live = await _version(app, definition.id, kept.value.live)
        if live.digest == digest:
            return live, ()
    number = kept.value.latest + 1 if kept is not None else 1
    version = WorkflowVersion(
        workflow=definition.id,
        number=number,
        space=space,
        definition=definition,
        digest=digest,
        author=who.actor,
        note=note,
        at=app.ports.clock.now(),
    )
    record = WorkflowRecord(id=definition.id, space=space, live=number, latest=number)
    return version, (WORKFLOWS.put(record, over=kept), WORKFLOW_VERSIONS.put(version))


async def set_live_workflow(app: App, who: Principal, workflow_id: str, number: int) -> Flow:
    """Make an earlier version live again; tasks that are under way keep theirs.

    Raises:
        UnknownThing: no such workflow or version.
    """
    kept = await _required(app, who, workflow_id)
    version = await _version(app, workflow_id, number)
    record = kept.value.model_copy(update={"live": number})
    await write(app, who, "workflow.manage", WORKFLOWS.put(record, over=kept))
    return Flow(version.definition, number, record.space, number)


async def list_workflows(app: App, who: Principal) -> list[Flow]:
    """Return the live version of every workflow that somebody sees, and those that come with the product."""
    require(who, "workflow.read")
    found = await every_live_workflow(app)
    return [one for one in found if one.space is None or who.sees(one.space)]


async def every_live_workflow(app: App) -> list[Flow]:
    """Return the live version of every workflow there is, and those that come with the product, by id."""
    kept = [one.value for one in await app.records.find(WORKFLOWS, Wanted(states=("live",)))]
    found = [
        Flow((await _version(app, one.id, one.live)).definition, one.live, one.space, one.live)
        for one in kept
    ]
    taken = {one.definition.id for one in found}
    shipped = [Flow(load_workflow(name), None) for name in shipped_workflows() if name not in taken]
    return sorted(found + shipped, key=lambda one: one.definition.id)


async def find_workflow(
    app: App, who: Principal, workflow_id: str, number: int | None = None
) -> Flow:
    """Return a workflow: the live version, or the one of a number.

    Raises:
        UnknownThing: no such workflow or version, or none that they see.
    """
    require(who, "workflow.read")
    kept = await app.records.get(WORKFLOWS, workflow_id)
    if kept is None or kept.value.archived:
        if number is not None or workflow_id not in shipped_workflows():
            raise _unknown(workflow_id)
        return Flow(load_workflow(workflow_id), None)
    space = kept.value.space
    if space is not None and not who.sees(space):
        raise _unknown(workflow_id)
    version = await _version(app, workflow_id, number or kept.value.live)
    return Flow(version.definition, version.number, space, kept.value.live)


async def workflow_versions(app: App, who: Principal, workflow_id: str) -> list[WorkflowVersion]:
    """Return all versions of a workflow, the latest first.

    Raises:
        UnknownThing: no such workflow, or none that they see.
    """
    require(who, "workflow.read")
    await find_workflow(app, who, workflow_id)
    wanted = Wanted(prefix=f"{workflow_id}/", newest_first=True)
    return [kept.value for kept in await app.records.find(WORKFLOW_VERSIONS, wanted)]


async def diff_workflow(app: App, who: Principal, definition: WorkflowDefinition) -> str:
    """Return how a definition differs from the live version of its workflow, as a unified diff of their YAML;
    nothing where it does not.
    """
    require(who, "workflow.read")
    try:
        live = to_yaml((await find_workflow(app, who, definition.id)).definition)
    except UnknownThing:
        live = ""
    before, after = live.splitlines(), to_yaml(definition).splitlines()
    return "\n".join(difflib.unified_diff(before, after, "live", "new", lineterm=""))


def to_yaml(definition: WorkflowDefinition) -> str:
    """Return a workflow as a file: what is as it is by default is left out."""
    return workflow_as_yaml(definition)


def digest_of(definition: WorkflowDefinition) -> str:
    """Return the digest of a workflow's definition."""
    return hashlib.sha256(definition.model_dump_json().encode()).hexdigest()


async def _required(app: App, who: Principal, workflow_id: str) -> Kept[WorkflowRecord]:
    kept = await app.records.get(WORKFLOWS, workflow_id)
    space = kept.value.space if kept is not None else None
    if kept is None or (space is not None and not who.sees(space)):
        require(who, "workflow.read")
        raise _unknown(workflow_id)
    require(who, "workflow.manage", in_space(space))
    return kept


async def _version(app: App, workflow_id: str, number: int) -> WorkflowVersion:
    kept = await app.records.get(WORKFLOW_VERSIONS, f"{workflow_id}/{number:06d}")
    if kept is None:
        raise UnknownThing(f"workflow {workflow_id} has no version {number}")
    return kept.value


def _unknown(workflow_id: str) -> UnknownThing:
    return UnknownThing(
        f"there is no workflow {workflow_id!r} (see `callboard workflows list`; apply one with "
        "`callboard workflows apply FILE`)"
    )

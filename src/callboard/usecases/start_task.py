"""Hand a task to a workflow in a repository."""

import re
from dataclasses import dataclass, field
from typing import Literal

from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.errors import ConfigurationInvalid, RunExists
from callboard.domain.events.run import RunCreated, WorkflowSubject
from callboard.domain.evidence import CommandCheck
from callboard.domain.message import MediaPart
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.workflow import AgentStep, Landing, Task, WorkflowDefinition
from callboard.engine.limits import deadline, effective_limits
from callboard.runtime.children import Ended
from callboard.usecases.app import App, require
from callboard.usecases.reachable import require_provider
from callboard.usecases.run_origins import start_noted
from callboard.usecases.start_run import check_run_id, find_agent


@dataclass(frozen=True, slots=True)
class StartTask:
    """What is to be done, where, and by which workflow.

    `checks` are added to every step that has checks to pass; `model` replaces the model of each agent, `models` that
    of single agents. `folders` are those that definitions come from, for whoever resumes the run.

    `attachments` are images and documents that every agent gets with its prompt.

    `space` and `key` are those of a task that the organisation keeps, `version` that of its workflow. Unless agents
    are `pinned` now, each step finds the version that is live when it begins. `landing` says where the change ends,
    `on_limit` what happens where money runs out.
    """

    run_id: str
    task: Task
    workflow: WorkflowDefinition
    repository: str
    checks: tuple[str, ...] = ()
    model: str | None = None
    models: dict[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    folders: tuple[str, ...] = ()
    space: str = ""
    key: str | None = None
    pinned: bool = True
    landing: Landing = "branch"
    version: int | None = None
    on_limit: Literal["fail", "wait"] = "fail"
    attachments: tuple[MediaPart, ...] = ()


async def start_task(app: App, who: Principal, wish: StartTask) -> Ended:
    """Copy the repository, create the workflow run and drive it until it ends or waits.

    Raises:
        ConfigurationInvalid: not a repository, bad run id, missing key.
        UnknownThing: a step's agent does not exist.
    """
    require(who, "run.start", in_space(wish.space))
    check_run_id(wish.run_id)
    if wish.run_id in {".", ".."}:
        raise ConfigurationInvalid("a task's run id names a directory: it cannot be . or ..")
    workflow = _with_checks(wish.workflow, wish.checks)
    agents = await _pinned(app, workflow, wish) if wish.pinned else {}
    workspaces = app.ports.workspaces
    base_commit = await workspaces.head(wish.repository)
    copy = f"{app.copies}/{wish.run_id}"
    await workspaces.clone(wish.repository, base_commit, copy)
    base_tree = await _base_tree(app, copy)
    now = app.ports.clock.now()
    limits = effective_limits(wish.limits)
    created = RunCreated(
        subject=WorkflowSubject(
            workflow=workflow,
            task=wish.task,
            repository=wish.repository,
            base_commit=base_commit,
            base_tree=base_tree,
            branch=_branch(wish),
            agents=agents,
            landing=wish.landing,
            version=wish.version,
            attachments=wish.attachments,
        ),
        actor=who.actor,
        workspace=copy,
        space=wish.space or wish.repository,
        task=wish.key,
        folders=wish.folders,
        limits=limits,
        on_limit=wish.on_limit,
        deadline_at=deadline(now, limits),
    )
    try:
        return await start_noted(app, wish.run_id, created)
    except RunExists:
        raise ConfigurationInvalid(f"a run with the id {wish.run_id} exists") from None


async def _base_tree(app: App, copy: str) -> str:
    workspace = await app.ports.workspaces.open(copy)
    try:
        return (await workspace.snapshots.record(None)).tree
    finally:
        await workspace.close()


def _with_checks(workflow: WorkflowDefinition, checks: tuple[str, ...]) -> WorkflowDefinition:
    """Give the checks to the steps that change files: agent steps without a verdict."""
    if not checks:
        return workflow
    added = tuple(CommandCheck(command=command) for command in checks)
    steps = tuple(
        step.model_copy(update={"checks": (*step.checks, *added)})
        if isinstance(step, AgentStep) and step.verdict is None
        else step
        for step in workflow.steps
    )
    return workflow.model_copy(update={"steps": steps})


async def _pinned(
    app: App, workflow: WorkflowDefinition, wish: StartTask
) -> dict[str, AgentDefinition]:
    """Pin each step's agent to the definition of this moment, with a provider that can be reached."""
    agents: dict[str, AgentDefinition] = {}
    for step in workflow.steps:
        if isinstance(step, AgentStep) and step.agent is not None and step.agent not in agents:
            definition = await find_agent(app, step.agent)
            model = wish.models.get(step.agent) or wish.model or definition.model
            definition = definition.model_copy(update={"model": model})
            await require_provider(app, definition, await app.ports.names.chain(definition))
            agents[step.agent] = definition
    return agents


def _branch(wish: StartTask) -> str:
    name = _slug(wish.task.title)
    if wish.key is not None:
        return f"callboard/{wish.run_id.lower()}-{name}"
    return f"callboard/{name}-{wish.run_id[-6:]}"


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "task"

"""Workflows: what there is, one with its steps and versions, and the editor."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path
from markupsafe import Markup
from starlette.responses import Response

from callboard.domain.errors import CallboardError, DefinitionInvalid, Problem, UnknownThing
from callboard.domain.org.principal import in_space
from callboard.domain.org.task import TASKS
from callboard.domain.workflow import WorkflowDefinition
from callboard.engine.authority import may
from callboard.ports.records import Wanted
from callboard.usecases.workflow_checks import WorkflowCheck, check_flow, read_workflow
from callboard.usecases.workflows import (
    apply_workflow,
    find_workflow,
    list_workflows,
    set_live_workflow,
    to_yaml,
    workflow_versions,
)
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.render.diagram.drawing import diagram
from callboard.web.render.diff import diff
from callboard.web.render.versions import between
from callboard.web.visit import At, Visit, visible_spaces
from callboard.web.workflow_pages import EditPage, VersionsPage, WorkflowPage, WorkflowsPage, told

router = APIRouter(route_class=FormRoute)
Name = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,200}$")]
_MOST: Final = 100_000
_FIRST: Final = """\
# The steps of a task, from top to bottom. What a step may say: `callboard workflows show --help`.
id: my-workflow
title: Implement, review, sign off
steps:
  - id: implement
    title: Implement
    agent: implementer
    checks:
      - kind: diff
    max_attempts: 5
  - id: review
    title: Code review
    agent: code-reviewer
    verdict: {}
    separate: [agent]
    on_reject: implement
  - id: sign-off
    title: Sign-off
    kind: people
    on_reject: implement
"""


@router.get("/workflows")
async def workflows(at: At) -> Response:
    """List workflows."""
    flows = await list_workflows(at.app, at.who)
    space = await at.space()
    shown = [one for one in flows if not space or one.space in (None, space)]
    return await at.show(WorkflowsPage(shown, await _used(at)))


async def _used(at: Visit) -> dict[str, int]:
    """Return how many unfinished tasks, of those that they see, go through each workflow."""
    wanted = Wanted(states=("open", "queued", "under_way"))
    counts: dict[str, int] = {}
    for kept in await at.app.records.find(TASKS, wanted):
        if at.who.sees(kept.value.space):
            counts[kept.value.workflow] = counts.get(kept.value.workflow, 0) + 1
    return counts


@router.get("/new/workflow")
async def new_workflow(at: At) -> Response:
    """Ask for a new workflow."""
    text, source = _FIRST, at.query("from")
    if source:
        text = to_yaml((await find_workflow(at.app, at.who, source)).definition)
    return await at.show(EditPage("", text, "", await at.space(), await _spaces(at)))


@router.post("/new/workflow")
async def created(at: At) -> Response:
    """Check a new workflow, or make it live."""
    return await _edited(at, None)


@router.get("/workflows/{name}")
async def workflow(at: At, name: Name) -> Response:
    """Show a workflow: its drawing, its steps, what is to be known about it."""
    flow = await find_workflow(at.app, at.who, name, _number(at.query("v")))
    versions = [] if flow.version is None else await workflow_versions(at.app, at.who, name)
    current = at.query("step")
    version = f"v={flow.version}&" if flow.version != flow.live else ""
    drawing = diagram(
        flow.definition,
        lambda step: f"/workflows/{name}?{version}step={quote(step)}#step-{quote(step)}",
        current=current,
    )
    page = WorkflowPage(
        flow,
        drawing,
        told(flow.definition),
        current,
        await check_flow(at.app, at.who, flow.definition, flow.space),
        versions,
        (await _used(at)).get(name, 0),
        _manages(at, flow.space),
    )
    return await at.show(page)


def _manages(at: Visit, space: str | None) -> bool:
    return may(at.who, "workflow.manage", in_space(space))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else None


@router.get("/workflows/{name}/versions")
async def versions(at: At, name: Name) -> Response:
    """Show a workflow's versions, and how two of them differ."""
    flow = await find_workflow(at.app, at.who, name)
    found = [] if flow.version is None else await workflow_versions(at.app, at.who, name)
    if not found:
        raise UnknownThing(f"workflow {name} comes with Callboard and has no versions")
    by_number = {one.number: one for one in found}
    after = by_number.get(_number(at.query("b")) or 0, found[0])
    older = [one for one in found if one.number < after.number]
    before = by_number.get(_number(at.query("a")) or 0, older[0] if older else after)
    changed = between(to_yaml(before.definition), to_yaml(after.definition), f"{name}.yaml")
    page = VersionsPage(
        flow,
        found,
        before.number,
        after.number,
        diff([changed]) if changed.hunks else Markup(""),
        _manages(at, flow.space),
    )
    return await at.show(page)


@router.post("/workflows/{name}/restore")
async def restored(at: At, name: Name) -> Response:
    """Make an earlier version live again."""
    number = _number(at.fields.text("version"))
    if number is None:
        raise UnknownThing(f"workflow {name} has no such version")
    await set_live_workflow(at.app, at.who, name, number)
    said = f"Version {number} is live again. Tasks that are under way keep theirs."
    return at.go(f"/workflows/{name}", said)


@router.get("/workflows/{name}/edit")
async def edit(at: At, name: Name) -> Response:
    """Show the editor."""
    flow = await find_workflow(at.app, at.who, name, _number(at.query("v")))
    text = to_yaml(flow.definition)
    page = EditPage(name, text, "", flow.space or "", await _spaces(at))
    checks = await check_flow(at.app, at.who, flow.definition, flow.space)
    return await at.show(_seen(page, flow.definition, checks=checks))


@router.post("/workflows/{name}/edit")
async def edited(at: At, name: Name) -> Response:
    """Check a text, or make it the live version."""
    return await _edited(at, name)


async def _edited(at: Visit, name: str | None) -> Response:
    fields = at.fields
    text, note, space = fields.raw("text")[:_MOST], fields.text("note"), fields.text("space")
    flow = None if name is None else await find_workflow(at.app, at.who, name)
    if flow is not None and flow.version is not None:
        space = flow.space or ""
    page = EditPage(name or "", text, note, space, await _spaces(at))
    try:
        definition = _read(text, name)
        checks = await check_flow(at.app, at.who, definition, space or None)
    except DefinitionInvalid as error:
        return await _shown(at, replace(page, problems=error.problems), 422)
    except CallboardError as error:
        return await _shown(at, replace(page, wrong=said_of(error)), 422)
    before = to_yaml(flow.definition) if flow is not None else ""
    seen = _seen(page, definition, before, checks)
    if fields.text("then") != "publish":
        return await _shown(at, seen)
    if seen.fails and not fields.is_on("anyway"):
        failing = "A check fails: see beside. Mend it, or tick that it is to go live all the same."
        return await at.show(replace(seen, wrong=failing), 422)
    try:
        made = await apply_workflow(at.app, at.who, definition, space=space or None, note=note)
    except CallboardError as error:
        return await at.show(replace(seen, wrong=said_of(error)), 422)
    return at.go(f"/workflows/{definition.id}", f"Version {made.number} is live for tasks to come.")


async def _shown(at: Visit, page: EditPage, status: int = 200) -> Response:
    """Answer with the editor, or with what its text comes to for a script that asks while somebody types."""
    if at.query("part") == "seen":
        return await at.part("flow_as_typed.html", page)
    return await at.show(page, status)


def _seen(
    page: EditPage,
    definition: WorkflowDefinition,
    before: str = "",
    checks: Sequence[WorkflowCheck] = (),
) -> EditPage:
    """Return the editor with what its text comes to."""
    changed = between(before, to_yaml(definition), f"{definition.id}.yaml")
    changes = diff([changed]) if before and changed.hunks else Markup("")
    return replace(page, drawing=diagram(definition, _nowhere), changes=changes, checks=checks)


def _read(text: str, name: str | None) -> WorkflowDefinition:
    definition = read_workflow(text)
    if name is not None and definition.id != name:
        problem = f"must stay {name!r}; a workflow of another id is a new one"
        raise DefinitionInvalid([Problem("workflow", "id", problem)])
    return definition


def _nowhere(step: str) -> str:
    return f"#{quote(step)}"


async def _spaces(at: Visit) -> list[tuple[str, str]]:
    """Return the spaces for which they may change workflows, the organisation first where it is theirs."""
    seen = await visible_spaces(at.app, at.who)
    found = [(one.id, one.name) for one in seen if _manages(at, one.id)]
    return [("", "The whole organisation"), *found] if _manages(at, None) else found

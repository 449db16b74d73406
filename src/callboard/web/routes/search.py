"""The search: one page of results, and the same for the palette."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from callboard.usecases.search import LONGEST, Command, Found, search
from callboard.web.form_routes import FormRoute
from callboard.web.page import Page
from callboard.web.visit import At

router = APIRouter(route_class=FormRoute)
COMMANDS: Final = (
    Command("/new/task", "New task", "task.manage", "create write add"),
    Command("/new/agent", "New agent", "agent.manage", "create add"),
    Command("/new/workflow", "New workflow", "workflow.manage", "create add"),
    Command("/new/schedule", "New schedule", "schedule.manage", "create cron clock"),
    Command("/new/hook", "New hook", "webhook.manage", "create incoming"),
    Command("/new/webhook", "New webhook", "webhook.manage", "create outgoing"),
    Command("/new/space", "New space", "space.create", "create team"),
    Command("/", "Home", "task.read", "start"),
    Command("/inbox", "Inbox", "task.read", "decide sign-off waiting"),
    Command("/inbox/deputies", "Deputies", "task.read", "holiday away stand in"),
    Command("/tasks", "Board", "task.read", "tasks kanban"),
    Command("/tasks?view=list", "List of tasks", "task.read"),
    Command("/runs", "Runs", "run.read", "history log"),
    Command("/workflows", "Workflows", "workflow.read", "steps"),
    Command("/agents", "Agents", "agent.read", "roster"),
    Command("/templates", "Templates", "agent.read", "roles"),
    Command("/dashboards", "Dashboards", "usage.read", "performance cost charts"),
    Command("/schedules", "Schedules", "task.read", "cron"),
    Command("/hooks", "Hooks", "webhook.manage", "incoming"),
    Command("/webhooks", "Webhooks", "webhook.manage", "deliveries"),
    Command("/models", "Models", "run.start", "providers"),
    Command("/spaces", "Spaces", "space.read", "teams"),
    Command("/members", "Members", "org.read", "people"),
    Command("/credentials", "Credentials", "credential.read", "keys secrets"),
    Command("/tokens", "My tokens", "token.manage", "api"),
    Command("/audit", "Audit log", "audit.read", "who changed"),
    Command("/settings", "Settings", "org.read", "password theme notices"),
)
"""Where the palette leads, by address."""
_KINDS: Final = {
    "task": ("tasks", "Task"),
    "run": ("runs", "Run"),
    "agent": ("agents", "Agent"),
    "workflow": ("workflows", "Workflow"),
    "person": ("people", "Person"),
    "space": ("spaces", "Space"),
    "command": ("right", "Go to"),
}
_PLACES: Final = {
    "task": "/tasks/",
    "run": "/runs/",
    "agent": "/agents/",
    "workflow": "/workflows/",
    "person": "/members/",
    "space": "/spaces/",
}


@dataclass(frozen=True, slots=True)
class SearchPage(Page):
    """What fits a question, the best first."""

    template = "search.html"
    section = "search"
    question: str
    kind: str
    found: Sequence[Found]

    @property
    def title(self) -> str:
        """The heading."""
        return "Search"

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """What may be looked for, as choices."""
        return [(kind, name) for kind, (_, name) in _KINDS.items() if kind != "command"]

    def icon(self, one: Found) -> str:
        """Return the name of a result's icon."""
        return _KINDS[one.kind][0]

    def kind_of(self, one: Found) -> str:
        """Return what a result is."""
        return _KINDS[one.kind][1]

    def href(self, one: Found) -> str:
        """Return where a result leads."""
        return href_of(one)


def href_of(one: Found) -> str:
    """Return the address of something that was found."""
    if one.kind == "command":
        return one.key
    return _PLACES[one.kind] + quote(one.key, safe="")


@router.get("/search")
async def results(at: At) -> Response:
    """Search."""
    question, kind = at.query("q")[:LONGEST], at.query("kind")
    kinds = frozenset({kind}) if kind in _PLACES else frozenset[str]()
    palette = at.query("part") == "palette"
    found = await search(
        at.app,
        at.who,
        question,
        commands=COMMANDS if palette or not kind else (),
        kinds=kinds,
        limit=12 if palette else 60,
    )
    page = SearchPage(question, kind if kinds else "", found)
    if palette:
        return await at.part("palette.html", page)
    return await at.show(page)

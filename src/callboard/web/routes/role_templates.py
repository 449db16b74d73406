"""Ready-made roles: what each is for, what it needs, and the way from one to an agent of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import CallboardError
from callboard.usecases.app import NotAllowed
from callboard.usecases.credentials import list_credentials
from callboard.usecases.role_templates import (
    NewTemplate,
    Template,
    find_role_template,
    list_role_templates,
    remove_template,
    save_template,
)
from callboard.usecases.roster_reading import list_roster
from callboard.web.agent_views import provider_of, role_of
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.render.markdown import prose
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)


@dataclass(frozen=True, slots=True)
class TemplateCard:
    """A role in a few words."""

    id: str
    name: str
    job: str
    model: str
    tools: Sequence[str]
    skills: Sequence[str]
    own: bool


@dataclass(frozen=True, slots=True)
class TemplatesPage(Page):
    """All roles to start from."""

    template = "templates.html"
    section = "templates"
    cards: Sequence[TemplateCard]
    agents: Sequence[str]
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Templates"


@dataclass(frozen=True, slots=True)
class TemplatePage(Page):
    """One role in full. `missing` is what has to be there before it can work."""

    template = "template.html"
    section = "templates"
    card: TemplateCard
    definition: AgentDefinition
    provider: str
    prompt: Markup
    instructions: Markup
    task: Markup
    missing: Sequence[str]

    @property
    def title(self) -> str:
        """The name of the role."""
        return self.card.name


@router.get("/templates")
async def templates(at: At) -> Response:
    """Show the roles to start from."""
    return await at.show(await _page(at))


@router.get("/templates/{name}")
async def template(at: At, name: str) -> Response:
    """Show a role in full."""
    found = await find_role_template(at.app, at.who, name)
    definition = found.definition
    page = TemplatePage(
        _card(found),
        definition,
        provider_of(definition),
        prose(definition.system_prompt),
        prose(definition.instructions_prompt),
        prose(found.task),
        await _missing(at, definition),
    )
    return await at.show(page)


@router.post("/templates")
async def kept(at: At) -> Response:
    """Keep an agent as a role for everybody."""
    fields = at.fields
    wish = NewTemplate(
        fields.text("agent"),
        id=fields.some("id"),
        task=fields.raw("task").strip(),
        note=fields.text("note"),
    )
    try:
        saved = await save_template(at.app, at.who, wish)
    except CallboardError as error:
        typed = fields.kept("agent", "id", "task", "note")
        return await at.show(await _page(at, typed, said_of(error, id="Called")), 422)
    return at.go(f"/templates/{saved.id}", "Kept. New agents can start from it.")


@router.post("/templates/{name}/remove")
async def removed(at: At, name: str) -> Response:
    """Keep a role no longer."""
    await remove_template(at.app, at.who, name)
    return at.go("/templates", f"{name} is no template any more.")


async def _page(at: Visit, typed: Typed | None = None, wrong: str = "") -> TemplatesPage:
    found = await list_role_templates(at.app, at.who)
    agents = [one.agent.id for one in await list_roster(at.app, at.who)]
    return TemplatesPage([_card(one) for one in found], agents, typed or Typed(), wrong)


def _card(one: Template) -> TemplateCard:
    definition = one.definition
    tools = [name for name in definition.tool_names if name != "end_turn"]
    job = definition.spawner_prompt or role_of(definition)
    name = definition.display_name
    return TemplateCard(
        definition.id, name, job, definition.model, tools, definition.skills, one.own is not None
    )


async def _missing(at: Visit, definition: AgentDefinition) -> list[str]:
    """Return what a role needs and is not there, as far as whoever looks may know."""
    try:
        stored = {one.provider for one in await list_credentials(at.app, at.who)}
    except NotAllowed:
        return []
    provider = provider_of(definition)
    asked = {provider, "openrouter"} if definition.provider is None else {provider}
    if stored & asked:
        return []
    return [
        f"No key for {' or '.join(sorted(asked))} is stored: its model answers only if the server brings one."
    ]

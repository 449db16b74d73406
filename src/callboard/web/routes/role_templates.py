"""Ready-made roles: what each is for, what it needs, and the way from one to an agent of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from callboard.definitions.role_templates import RoleTemplate
from callboard.domain.definition.agent import AgentDefinition
from callboard.usecases.app import NotAllowed
from callboard.usecases.credentials import list_credentials
from callboard.usecases.role_templates import find_role_template, list_role_templates
from callboard.web.agent_views import provider_of, role_of
from callboard.web.form_routes import FormRoute
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


@dataclass(frozen=True, slots=True)
class TemplatesPage(Page):
    """All roles to start from."""

    template = "templates.html"
    section = "templates"
    cards: Sequence[TemplateCard]

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
    found = list_role_templates(at.app, at.who)
    return await at.show(TemplatesPage([_card(one) for one in found]))


@router.get("/templates/{name}")
async def template(at: At, name: str) -> Response:
    """Show a role in full."""
    found = find_role_template(at.app, at.who, name)
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


def _card(one: RoleTemplate) -> TemplateCard:
    definition = one.definition
    tools = [name for name in definition.tool_names if name != "end_turn"]
    job = definition.spawner_prompt or role_of(definition)
    name = definition.display_name
    return TemplateCard(definition.id, name, job, definition.model, tools, definition.skills)


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

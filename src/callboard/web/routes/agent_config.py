"""An agent's configuration: one form, checked while it is written, saved as the next version."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import (
    CallboardError,
    ConfigurationInvalid,
    DefinitionInvalid,
    Problem,
    RecordConflict,
)
from callboard.domain.org.roster import RosterVersion
from callboard.usecases.app import NotAllowed
from callboard.usecases.at_work import agent_at_work
from callboard.usecases.blast_radius import BlastRadius, blast_radius
from callboard.usecases.compare_agents import definition_lines
from callboard.usecases.known_agents import list_agents
from callboard.usecases.role_templates import find_role_template
from callboard.usecases.roster import NewVersion, change_agent, save_agent
from callboard.usecases.roster_reading import find_in_roster, roster_versions
from callboard.usecases.written_agents import checked_agent
from callboard.web.agent_form import MODES, AgentForm, ToolMode, form_of, raw_of, typed_form
from callboard.web.agent_pages import AgentHead, AgentPage, head_of
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Fields, Typed, read_fields
from callboard.web.page import Page
from callboard.web.render.diff import diff
from callboard.web.render.versions import between
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)
checks = APIRouter()
"""What only looks at a form while it is written, and changes nothing."""
_LETTERS_A_TOKEN = 4
_BEGINNING = ("id", "display_name", "model", "spawner_prompt", "system_prompt")
"""What somebody who describes a new agent begins with."""


@dataclass(frozen=True, slots=True)
class ConfigPage(AgentPage):
    """The form of an agent that is there."""

    template = "agent_config.html"
    tab = "Configuration"
    head: AgentHead
    form: AgentForm
    touches: BlastRadius
    modes: Sequence[tuple[str, str]] = MODES
    problems: Sequence[Problem] = ()
    wrong: str = ""
    newer: int | None = None
    place_wrong: str = ""
    placed: Typed = field(default_factory=Typed)
    base: int = 0


@dataclass(frozen=True, slots=True)
class NewAgentPage(Page):
    """The form of an agent that is not there yet."""

    template = "agent_new.html"
    section = "agents"
    form: AgentForm
    origin: str = ""
    modes: Sequence[tuple[str, str]] = MODES
    problems: Sequence[Problem] = ()
    wrong: str = ""
    spaces: Sequence[str] = ()

    @property
    def title(self) -> str:
        """The heading."""
        return "New agent"


@dataclass(frozen=True, slots=True)
class CheckPage(Page):
    """What is to be said of a form as it is now."""

    template = "agent_check.html"
    problems: Sequence[Problem] = ()
    wrong: str = ""
    tokens: int = 0
    changed: Markup = field(default_factory=Markup)
    is_same: bool = False
    is_blank: bool = False

    @property
    def title(self) -> str:
        """The heading."""
        return "Checks"


@router.get("/new/agent")
async def new_agent(at: At) -> Response:
    """Ask what a new agent is to be; from a template where one is named."""
    tools = sorted(at.app.ports.tools.names())
    name = at.query("template")
    if not name:
        blank = AgentForm(Typed(), [ToolMode(one, "") for one in tools])
        return await at.show(NewAgentPage(blank))
    template = await find_role_template(at.app, at.who, name)
    form = form_of(template.definition, tools)
    return await at.show(NewAgentPage(form, name))


@router.post("/agents")
async def created(at: At) -> Response:
    """Save the first version of a new agent: a draft."""
    fields = at.fields
    agent_id = fields.text("id")
    try:
        await _refuse_taken(at, agent_id)
        definition = checked_agent(at.app, raw_of(fields, agent_id))
        spaces = fields.every("space") or None
        version = await save_agent(
            at.app, at.who, NewVersion(definition, spaces, note=fields.text("note"))
        )
    except CallboardError as error:
        form = typed_form(fields, sorted(at.app.ports.tools.names()))
        origin, chosen = fields.text("origin"), fields.every("space")
        page = NewAgentPage(
            form, origin, problems=_problems(error), wrong=_wrong(error), spaces=chosen
        )
        return await at.show(page, 403 if isinstance(error, NotAllowed) else 422)
    return at.go(
        f"/agents/{version.agent}",
        f"{definition.display_name} is a draft. Make it live when it is ready.",
    )


@router.get("/agents/{agent_id}/config")
async def config(at: At, agent_id: str) -> Response:
    """Show an agent's form, filled with its latest version."""
    head = head_of(await agent_at_work(at.app, at.who, agent_id), at.who)
    base = await _base(at, agent_id, head)
    form = form_of(base.definition, sorted(at.app.ports.tools.names()))
    return await at.show(await _page(at, head, form, base=base.number))


@router.post("/agents/{agent_id}/config")
async def saved(at: At, agent_id: str) -> Response:
    """Save what was typed as the next version. What is live stays live."""
    fields = at.fields
    seen = fields.text("revision")
    try:
        definition = checked_agent(at.app, raw_of(fields, agent_id))
        before = (await find_in_roster(at.app, at.who, agent_id)).agent.latest
        wish = NewVersion(definition, note=fields.text("note"))
        version = await save_agent(
            at.app, at.who, wish, revision=int(seen) if seen.isdecimal() else None
        )
    except CallboardError as error:
        return await _again(at, agent_id, error)
    if version.number <= before:
        return at.go(
            f"/agents/{agent_id}/versions#v{version.number}",
            f"That is version {version.number} already.",
        )
    shown = f"/agents/{agent_id}/release?version={version.number}"
    return at.go(shown, f"Saved as version {version.number}. It is not live yet.")


@router.post("/agents/{agent_id}/place")
async def placed(at: At, agent_id: str) -> Response:
    """Change where an agent plays, who answers for it, and how much it does at a time."""
    fields = at.fields
    at_once = fields.text("at_once")
    wanted: dict[str, object] = {
        "spaces": fields.every("space") or None,
        "owner": fields.some("owner"),
        "at_once": at_once or None,
    }
    seen = fields.text("revision")
    try:
        revision = int(seen) if seen.isdecimal() else None
        await change_agent(at.app, at.who, agent_id, wanted, revision=revision)
    except CallboardError as error:
        if isinstance(error, NotAllowed):
            raise
        head = head_of(await agent_at_work(at.app, at.who, agent_id), at.who)
        form = form_of(head.definition, sorted(at.app.ports.tools.names()))
        wrong = said_of(error, owner="Who answers for it", at_once="Runs under way at a time")
        placed = fields.kept("owner", "at_once") | {"space": " ".join(fields.every("space"))}
        page = replace(await _page(at, head, form), place_wrong=wrong, placed=Typed(placed))
        return await at.show(page, 422)
    return at.go(f"/agents/{agent_id}/config#place", "Kept.")


@checks.post("/agents/check")
async def check_new(at: At, request: Request) -> Response:
    """Say what is wrong with the form of a new agent."""
    return await _checked(at, await _typed(request), None)


@checks.post("/agents/{agent_id}/check")
async def check(at: At, request: Request, agent_id: str) -> Response:
    """Say what is wrong with a form, and what it would change."""
    head = head_of(await agent_at_work(at.app, at.who, agent_id), at.who)
    base = await _base(at, agent_id, head)
    return await _checked(at, await _typed(request), base.definition)


async def _base(at: Visit, agent_id: str, head: AgentHead) -> RosterVersion:
    """Return the version that a new one begins with: the one that is asked for, else the latest."""
    asked = at.query("version")
    versions = await roster_versions(at.app, at.who, agent_id)
    number = int(asked) if asked.isdecimal() and len(asked) < 7 else head.agent.latest
    return next((one for one in versions if one.number == number), versions[0])


async def _typed(request: Request) -> Fields:
    return read_fields(await request.body(), request.headers.get("content-type", ""))


async def _checked(at: Visit, fields: Fields, before: AgentDefinition | None) -> Response:
    await list_agents(at.app, at.who)  # for those who see agents at all
    prompts = ("system_prompt", "instructions_prompt", "step_prompt")
    tokens = sum(len(fields.raw(name)) for name in prompts) // _LETTERS_A_TOKEN
    agent_id = before.id if before is not None else fields.text("id")
    if before is None and not any(map(fields.text, _BEGINNING)):
        return await at.part("agent_check.html", CheckPage(is_blank=True))
    try:
        definition = checked_agent(at.app, raw_of(fields, agent_id))
    except (ConfigurationInvalid, DefinitionInvalid) as error:
        page = CheckPage(_problems(error), _wrong(error), tokens)
        return await at.part("agent_check.html", page)
    if before is None:
        return await at.part("agent_check.html", CheckPage(tokens=tokens))
    texts = ["\n".join(definition_lines(one)) + "\n" for one in (before, definition)]
    file = between(texts[0], texts[1], f"{agent_id}.yaml")
    changed = diff([file], limit=200) if file.hunks else Markup("")
    return await at.part(
        "agent_check.html", CheckPage(tokens=tokens, changed=changed, is_same=not file.hunks)
    )


async def _refuse_taken(at: Visit, agent_id: str) -> None:
    try:
        await find_in_roster(at.app, at.who, agent_id)
    except CallboardError:
        return
    raise ConfigurationInvalid(f"there is an agent {agent_id!r} already; choose another short name")


async def _again(at: Visit, agent_id: str, error: CallboardError) -> Response:
    """Show the form again, with everything that was typed."""
    head = head_of(await agent_at_work(at.app, at.who, agent_id), at.who)
    form = typed_form(at.fields, sorted(at.app.ports.tools.names()))
    newer = head.agent.latest if isinstance(error, RecordConflict) else None
    refused = 403 if isinstance(error, NotAllowed) else 422
    status = 409 if newer is not None else refused
    page = await _page(at, head, form, problems=_problems(error), wrong=_wrong(error), newer=newer)
    return await at.show(page, status)


async def _page(
    at: Visit,
    head: AgentHead,
    form: AgentForm,
    *,
    problems: Sequence[Problem] = (),
    wrong: str = "",
    newer: int | None = None,
    base: int = 0,
) -> ConfigPage:
    touches = await blast_radius(at.app, at.who, head.agent.id)
    return ConfigPage(
        head,
        form,
        touches,
        problems=problems,
        wrong=wrong,
        newer=newer,
        base=base or head.agent.latest,
    )


def _problems(error: CallboardError) -> Sequence[Problem]:
    return error.problems if isinstance(error, DefinitionInvalid) else ()


def _wrong(error: CallboardError) -> str:
    if isinstance(error, NotAllowed):
        return "You may not do this: agents are changed by maintainers of all spaces in which they play."
    return "" if isinstance(error, DefinitionInvalid) else said_of(error)

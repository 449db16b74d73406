"""How the sample came to be: people join, spaces and workflows are made, agents get their first versions."""

from decimal import Decimal
from importlib.resources import files
from typing import Any, Final, cast

import yaml

from callboard.domain.org.principal import Principal, on_this_machine
from callboard.engine.budgets import space_account
from callboard.sample.cast import OWNER, PEOPLE, PLACES, ROLES, Role, definition_of
from callboard.usecases.app import App
from callboard.usecases.credentials import new_grant, set_credential
from callboard.usecases.people import NewPerson, add_person, add_service_account
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.roster_moves import promote_agent
from callboard.usecases.spaces import NewSpace, change_space, create_space, set_member
from callboard.usecases.spending import set_budget
from callboard.usecases.workflows import apply_workflow, checked_workflow

_CREDENTIAL: Final = "models-main"
_DRAFTS: Final = ("release-notes",)


async def found(app: App, repositories: dict[str, str]) -> None:
    """Let everything begin: the organisation of its first day. `repositories` are the paths by space."""
    olga = on_this_machine(OWNER)
    await _people(app, olga)
    await _spaces(app, olga, repositories)
    await _credentials(app, olga)
    for role in ROLES:
        await _agent(app, olga, role)


async def _people(app: App, olga: Principal) -> None:
    await add_person(app, olga, NewPerson(OWNER, "Olga Sander", "owner", _mail(OWNER)))
    for one in PEOPLE:
        await add_person(app, olga, NewPerson(one.id, one.name, one.role, _mail(one.id)))
    await add_service_account(app, olga, "ci", "Builds", None)


async def _spaces(app: App, olga: Principal, repositories: dict[str, str]) -> None:
    for place in PLACES:
        space = NewSpace(
            place.id, place.name, place.prefix, place.about, repositories[place.id], place.workflow
        )
        await create_space(app, olga, space)
        await change_space(app, olga, place.id, at_once=3)
        await set_budget(app, olga, space_account(place.id), Decimal(place.budget_usd))
    for one in PEOPLE:
        for space_id, role in one.spaces:
            await set_member(app, olga, space_id, f"person:{one.id}", role)
    await set_member(app, olga, "checkout", "integration:ci", "contributor")
    await set_budget(app, olga, "org", Decimal(90))
    await apply_flows(app, olga, first=True, note="How we work.")


async def apply_flows(app: App, who: Principal, *, first: bool, note: str) -> None:
    """Make the sample's workflows live: as they were at `first`, or as they are today."""
    text = files("callboard.sample").joinpath("flows.yaml").read_text(encoding="utf-8")
    for raw in cast("list[dict[str, Any]]", yaml.safe_load(text)):
        space, added = raw.pop("space", None), raw.pop("added", [])
        if first:
            raw["steps"] = [step for step in raw["steps"] if step["id"] not in added]
        await apply_workflow(app, who, checked_workflow(raw), space=space, note=note)


async def _credentials(app: App, olga: Principal) -> None:
    for name, provider, scope in (
        (_CREDENTIAL, "openrouter", None),
        ("models-checkout", "anthropic", "space:checkout"),
        ("models-old", "openai", None),
    ):
        grant = new_grant(name, provider, scope)
        await set_credential(app, olga, grant, f"sample-{name}-0000000000000000000000")


async def _agent(app: App, olga: Principal, role: Role) -> None:
    definition = definition_of(role, _CREDENTIAL)
    wish = NewVersion(definition, role.spaces, f"person:{role.owner}", "As the template says.")
    await save_agent(app, olga, wish)
    if role.id not in _DRAFTS:
        await promote_agent(app, olga, role.id)


def _mail(name: str) -> str:
    return f"{name}@sample.invalid"

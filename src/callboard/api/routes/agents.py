"""Agents: what there is to run."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from callboard.api.cursors import Page, Wanted
from callboard.entrance.asking import TheApp, Who
from callboard.usecases.known_agents import list_agents, show_agent

router = APIRouter(tags=["agents"])


class AgentView(BaseModel):
    """An agent as lists show it."""

    id: str
    display_name: str
    publisher: str | None
    version: str | None
    model: str
    skills: list[str]


@router.get("/agents")
async def list_known(app: TheApp, who: Who, wanted: Wanted) -> Page[AgentView]:
    """List the agents that can be run, by id."""
    found = sorted(await list_agents(app, who), key=lambda one: one.id)
    cut, cursor = wanted.of_all(found, lambda one: (one.id,))
    views = [
        AgentView(
            id=one.id,
            display_name=one.display_name,
            publisher=one.publisher,
            version=one.version,
            model=one.model,
            skills=list(one.skills),
        )
        for one in cut
    ]
    return Page(items=views, next_cursor=cursor)


@router.get("/agents/{reference:path}")
async def show(app: TheApp, who: Who, reference: str) -> dict[str, Any]:
    """Show an agent's definition, with the field names of the definition language."""
    definition = await show_agent(app, who, reference)
    return definition.model_dump(mode="json", by_alias=True)

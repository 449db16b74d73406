"""One module per screen, or per few that belong together."""

from typing import Final

from fastapi import APIRouter

from callboard.web.routes import (
    agent,
    agent_config,
    agent_release,
    agents,
    audit,
    compare,
    credentials,
    dashboards,
    door,
    home,
    inbox,
    live,
    members,
    models,
    role_templates,
    runs,
    search,
    settings,
    spaces,
    task_threads,
    tasks,
    tokens,
    workflows,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    door.open_router,
    door.router,
    home.router,
    inbox.router,
    search.router,
    settings.router,
    spaces.router,
    members.router,
    credentials.router,
    tokens.router,
    audit.router,
    runs.router,
    tasks.router,
    workflows.router,
    task_threads.router,
    agents.router,
    agent_config.router,
    agent_config.checks,
    agent_release.router,
    agent.router,
    role_templates.router,
    dashboards.router,
    models.router,
    compare.router,
    live.router,
)
"""All pages. A new screen is a module here, a page context, a template, and a line in this list."""

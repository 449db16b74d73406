"""One module per screen, or per few that belong together."""

from typing import Final

from fastapi import APIRouter

from callboard.web.routes import (
    audit,
    compare,
    credentials,
    door,
    live,
    members,
    runs,
    settings,
    spaces,
    task_threads,
    tasks,
    tokens,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    door.open_router,
    door.router,
    settings.router,
    spaces.router,
    members.router,
    credentials.router,
    tokens.router,
    audit.router,
    runs.router,
    tasks.router,
    task_threads.router,
    compare.router,
    live.router,
)
"""All pages. A new screen is a module here, a page context, a template, and a line in this list."""

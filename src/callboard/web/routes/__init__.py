"""One module per screen, or per few that belong together."""

from typing import Final

from fastapi import APIRouter

from callboard.web.routes import door, settings

ROUTERS: Final[tuple[APIRouter, ...]] = (door.router, door.open_router, settings.router)
"""All pages. A new screen is a module here, a page context, a template, and a line in this list."""

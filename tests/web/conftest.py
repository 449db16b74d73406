"""The pages over test doubles, without a browser: what travels over the wire."""

import re
from contextlib import asynccontextmanager

import httpx2
import pytest

from callboard.api.site import create_api
from callboard.domain.actor import Actor
from callboard.domain.org.principal import as_owner
from callboard.domain.org.roles import OrgRole
from callboard.entrance.asking import Site
from callboard.entrance.site import Parts, create_site
from callboard.testing.model import ScriptedProvider
from callboard.testing.rig import rig
from callboard.usecases.people import NewPerson, add_person
from callboard.usecases.sessions import Origin, open_session
from callboard.web.site import create_pages

ROOT = as_owner(Actor(kind="person", name="root"))
BASE = "http://127.0.0.1:8080"


class Pages:
    """A browser of the simplest kind."""

    def __init__(self, app, site, client):
        self.app = app
        self.site = site
        self.client = client

    async def get(self, path, **headers):
        return await self.client.get(path, headers=headers)

    async def post(self, path, fields, **headers):
        sent = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"} | headers
        return await self.client.post(path, data=fields, headers=sent)

    async def marks(self, path):
        """Return what a form of a page bears."""
        page = (await self.get(path)).text
        return {
            name: re.search(rf'name="{name}" value="([^"]+)"', page)[1]  # pyright: ignore[reportOptionalSubscript]
            for name in ("_form", "_once")
        }

    async def sign_in(self, name, role: OrgRole = "member"):
        person = await add_person(self.app, ROOT, NewPerson(name, name.title(), role))
        issued = await open_session(self.app, person, "password", Origin("127.0.0.1", "test"))
        self.client.cookies.set("callboard_session", issued.text, domain="127.0.0.1")
        return issued


@asynccontextmanager
async def opened(app, site=None):
    async def open_app():
        return app

    parts = Parts(open_app, site or Site())
    pages = create_pages(parts)
    api = create_api(parts, pages)
    whole = create_site(parts, api, pages)
    transport = httpx2.ASGITransport(
        app=whole, client=("127.0.0.1", 5000), raise_app_exceptions=False
    )
    async with (
        api.router.lifespan_context(api),
        httpx2.AsyncClient(transport=transport, base_url=BASE) as client,
    ):
        yield Pages(app, whole, client)


@pytest.fixture
async def pages():
    async with opened(rig(ScriptedProvider({}))) as found:
        yield found


@pytest.fixture
async def ann(pages):
    await pages.sign_in("ann", "owner")
    return pages

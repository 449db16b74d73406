"""A site over test doubles, and people who ask it things."""

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import httpx2
import pytest

from callboard.api.site import create_api
from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.permissions import PermissionRule
from callboard.domain.org.principal import as_owner
from callboard.domain.org.roles import OrgRole, SpaceRole
from callboard.entrance.asking import Site
from callboard.entrance.door import Door
from callboard.entrance.site import Parts
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.rig import rig
from callboard.usecases.app import App
from callboard.usecases.people import NewPerson, add_person, add_service_account, principal_of
from callboard.usecases.spaces import NewSpace, change_space, create_space, set_member
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.tokens import NewToken, create_token

ROOT = as_owner(Actor(kind="person", name="root"))
BASE = "http://127.0.0.1:8080"
HOME = "auth"
"""The space that most tests are about; its members are mia, cleo and vic."""

ASK = PermissionRule.model_validate({"tool": "pay", "effect": "ask"})


def agent(id_, *tools, **fields):
    return AgentDefinition.model_validate(
        {"id": id_, "display_name": id_, "model": f"scripted/{id_}", "tool_names": tools} | fields
    )


AGENTS = (agent("talker"), agent("asker", "pay", permissions=(ASK,)))
PUT = ScriptedCall.model_validate(
    {"tool": "pay", "arguments": {"path": "bill", "text": "$"}, "call_id": "c1"}
)


def scripts():
    talks = Script(turns=tuple(Turn(text=f"answer {n}") for n in range(50)))
    asks = Script(turns=(Turn(calls=(PUT,)), Turn(text="then not")) * 25)
    return {"talker": talks, "asker": asks}


@dataclass
class Caller:
    """Somebody who asks: a client with their token."""

    client: httpx2.AsyncClient
    headers: dict[str, str]

    async def __call__(self, method, path, json=None, **more):
        headers = self.headers | more.pop("headers", {})
        prefix = "" if path.startswith("/api/") else "/api/v1"
        return await self.client.request(method, prefix + path, json=json, headers=headers, **more)


@dataclass
class Board:
    """The app, its site, and a way to be somebody."""

    app: App
    site: Door
    api: object
    client: httpx2.AsyncClient

    async def as_(self, name, *scopes, of: Literal["person", "integration"] = "person"):
        """Return somebody's voice, with a token of theirs narrowed to scopes."""
        account = Actor(kind=of, name=name)
        who = await principal_of(self.app, account)
        maker = who if of == "person" else ROOT
        assert maker is not None
        wish = NewToken("test", scopes or ("*",), account=account)
        issued = await create_token(self.app, maker, wish)
        return Caller(self.client, {"Authorization": f"Bearer {issued.text}"})

    @property
    def nobody(self):
        return Caller(self.client, {})

    async def run(self, run_id, agent_id="talker", space=HOME):
        await start_run(
            self.app, ROOT, StartRun(run_id, agent_id, "/work", prompt="go", space=space)
        )
        return run_id


class AtWork:
    """A worker that has nothing to do. It notes how often it is woken."""

    is_at_work = True
    woken = 0

    async def start(self):
        pass

    def wake(self):
        self.woken += 1

    async def stop(self, grace_s=10.0):
        pass


@asynccontextmanager
async def opened(
    app, site=None, client=("127.0.0.1", 5000), *, worker=lambda _app: AtWork(), **more
):
    """A site that drives what is started at it; with `worker` None it leaves that to others."""

    async def open_app():
        return app

    parts = Parts(open_app, site or Site(), worker=worker, **more)
    api = create_api(parts)
    door = Door(api, lambda: app, parts.site)
    transport = httpx2.ASGITransport(app=door, client=client, raise_app_exceptions=False)
    async with (
        api.router.lifespan_context(api),
        httpx2.AsyncClient(transport=transport, base_url=BASE) as asking,
    ):
        yield Board(app, door, api, asking)


def new_app(provider=None, **doubles):
    return rig(provider or ScriptedProvider(scripts()), *AGENTS, **doubles)


async def settle(app):
    """Let people join, and give them a space to be in."""
    roles: dict[str, OrgRole] = {"ann": "owner", "adam": "admin"}
    for name in ("ann", "adam", "mia", "cleo", "vic", "otto"):
        role = roles.get(name, "member")
        await add_person(app, ROOT, NewPerson(name, name.title(), role))
    await add_service_account(app, ROOT, "robot", "Robot", "admin")
    await create_space(app, ROOT, NewSpace(HOME, "Sign-in", "AUTH"))
    await change_space(app, ROOT, HOME, repository="/work")
    here: dict[str, SpaceRole] = {"mia": "maintainer", "cleo": "contributor", "vic": "viewer"}
    for name, theirs in here.items():
        await set_member(app, ROOT, HOME, f"person:{name}", theirs)


@pytest.fixture
async def board():
    app = new_app()
    await settle(app)
    async with opened(app) as made:
        yield made


@pytest.fixture
async def empty_board():
    """A site where nobody is yet, on loopback."""
    async with opened(new_app(), Site(local_user="lou")) as made:
        yield made

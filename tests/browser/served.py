"""A site on a real socket, over a real database, with scripted models: what a browser meets."""

import asyncio
import contextlib
import shutil
import socket
import threading
from collections.abc import Mapping
from dataclasses import replace

import uvicorn

from callboard.api.site import create_api
from callboard.bootstrap import Sources, build_app, model_facts
from callboard.bootstrap.sources import Additions
from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.org.principal import as_owner
from callboard.domain.org.roles import OrgRole
from callboard.entrance.asking import Site
from callboard.entrance.site import Parts, create_site
from callboard.settings import read_settings
from callboard.testing.model import Script, ScriptedProvider
from callboard.usecases.people import NewPerson, add_person, principal_of
from callboard.usecases.sessions import Origin, open_session
from callboard.usecases.worker import Worker
from callboard.web.site import create_pages

ROOT = as_owner(Actor(kind="person", name="root"))
WITHIN_S = 60


class Server(uvicorn.Server):
    """A server in a thread: signals are not its business."""

    def __init__(self, config, ready):
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self._ready.set()

    @contextlib.contextmanager
    def capture_signals(self):
        yield


class Served:
    """A site that serves. `do` runs a coroutine over its app, in its loop; `restart` stops and starts it again."""

    def __init__(self, home, *agents: AgentDefinition, scripts: Mapping[str, Script] | None = None):
        self.settings = read_settings({"CALLBOARD_HOME": str(home), "CALLBOARD_USER": "root"})
        self.agents = agents
        self.provider = ScriptedProvider(dict(scripts or {}))
        self.reserved = (
            socket.socket()
        )  # never listens: nobody else gets its port while the site is away
        self.reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.reserved.bind(("127.0.0.1", 0))
        self.port = self.reserved.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.thread.start()
        assert self.ready.wait(WITHIN_S), "the site did not start"

    def stop(self):
        self.loop.call_soon_threadsafe(self._end)
        self.thread.join(WITHIN_S)

    def end(self):
        """Stop for good."""
        self.stop()
        self.reserved.close()

    def restart(self):
        self.stop()
        self.start()

    def do(self, work):
        """Return what `work(app)` comes to."""
        return asyncio.run_coroutine_threadsafe(work(self.app), self.loop).result(WITHIN_S)

    def person(self, name, role: OrgRole = "member"):
        """Let somebody join, and return who they are."""
        self.do(lambda app: add_person(app, ROOT, NewPerson(name, name.title(), role)))
        return self.do(lambda app: principal_of(app, Actor(kind="person", name=name)))

    def session_of(self, name):
        """Return the cookie of somebody who is signed in."""

        async def opened(app):
            from callboard.domain.org.people import PEOPLE  # noqa: PLC0415

            kept = await app.records.get(PEOPLE, name)
            return await open_session(app, kept.value, "password", Origin("127.0.0.1", "test"))

        return self.do(opened).text

    def _end(self):
        self.parts.stopping.set()
        self.server.should_exit = True

    async def _serve(self):
        self.loop = asyncio.get_running_loop()
        added = Additions(agents=self.agents, providers={"scripted": self.provider})
        self.app = await build_app(self.settings, Sources(), added)

        async def opened():
            return self.app

        facts = model_facts(self.settings)
        parts = Parts(opened, Site(local_user="root"), worker=Worker, facts=facts)
        self.parts = replace(parts, stopping=asyncio.Event())
        self.pages = pages = create_pages(self.parts)
        site = create_site(self.parts, create_api(self.parts, pages), pages)
        config = uvicorn.Config(
            site, lifespan="on", log_config=None, access_log=False, timeout_graceful_shutdown=2
        )
        self.server = Server(config, self.ready)
        listening = socket.create_server(("127.0.0.1", self.port), reuse_port=True)
        await self.server.serve(sockets=[listening])


def copied(template, home):
    """Return a home with a database that is made already."""
    home.mkdir(mode=0o700)
    shutil.copy(template, home)
    return home

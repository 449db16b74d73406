"""The whole site, its API, pages and sockets behind one door, as whoever attacks it finds it."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
from fastapi import FastAPI
from starlette.types import ASGIApp
from tests.api.conftest import BASE, ROOT, Board

from callboard.api.site import create_api
from callboard.entrance.asking import COOKIE, Site
from callboard.entrance.site import Parts, create_site
from callboard.usecases.app import App
from callboard.usecases.people import find_person
from callboard.usecases.sessions import Origin, open_session
from callboard.web.site import create_pages

__all__ = ["BASE", "ROOT", "Whole", "raw", "told", "whole_site"]


@dataclass
class Whole:
    """A site, and ways to ask it things. `board` gives people their tokens."""

    app: App
    door: ASGIApp
    api: FastAPI
    pages: FastAPI
    client: httpx2.AsyncClient

    @property
    def board(self):
        return Board(self.app, self.door, self.api, self.client)  # pyright: ignore[reportArgumentType]

    async def session(self, name):
        """Sign somebody in, and return the cookie that their browser has then."""
        person = (await find_person(self.app, ROOT, name)).value
        issued = await open_session(self.app, person, "password", Origin("127.0.0.1", "test"))
        return {"Cookie": f"{COOKIE}={issued.text}"}


@asynccontextmanager
async def whole_site(app, site=None, **more):
    async def open_app():
        return app

    parts = Parts(open_app, site or Site(), **more)
    pages = create_pages(parts)
    api = create_api(parts, pages)
    door = create_site(parts, api, pages)
    transport = httpx2.ASGITransport(
        app=door, client=("127.0.0.1", 5000), raise_app_exceptions=False
    )
    async with (
        api.router.lifespan_context(api),
        httpx2.AsyncClient(transport=transport, base_url=BASE) as client,
    ):
        yield Whole(app, door, api, pages, client)


async def raw(door, method, path, headers, body=b""):
    """Send what no client of ours would, bytes as they are, and return the status and the body of the answer."""
    scope = {"type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
             "query_string": b"", "root_path": "", "scheme": "http", "headers": headers,
             "client": ("127.0.0.1", 5000), "server": ("127.0.0.1", 8080)}  # fmt: skip
    pending, sent = [{"type": "http.request", "body": body, "more_body": False}], []

    async def receive():
        return pending.pop() if pending else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await door(scope, receive, send)
    status = next(one["status"] for one in sent if one["type"] == "http.response.start")
    return status, b"".join(one.get("body", b"") for one in sent)


async def told(door, headers, wanted, *, origin: str | None = BASE, query=""):
    """Open a tab's socket, ask for topics, and return what is said of each."""
    named = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if origin is not None:
        named.append((b"origin", origin.encode()))
    scope = {"type": "websocket", "path": "/live", "query_string": query.encode(),
             "headers": [(b"host", b"127.0.0.1:8080"), *named], "subprotocols": [],
             "client": ("127.0.0.1", 5000), "server": ("127.0.0.1", 8080), "scheme": "ws"}  # fmt: skip
    heard, all_told = [], asyncio.Event()
    asked = {"type": "websocket.receive", "text": json.dumps({"sub": dict.fromkeys(wanted, 0)})}
    coming = [{"type": "websocket.connect"}, asked]

    async def receive():
        if not coming:
            await all_told.wait()
            return {"type": "websocket.disconnect", "code": 1000}
        return coming.pop(0)

    async def send(message):
        if message["type"] == "websocket.send":
            heard.append(json.loads(message["text"]))
        if len(heard) >= len(wanted) or message["type"] == "websocket.close":
            all_told.set()

    async with asyncio.timeout(60):
        await door(scope, receive, send)
    return {one["t"]: one for one in heard}

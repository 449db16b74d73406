"""Live pages: a thread of 10,000 events opened, 50 events a second for 50 viewers, a thousand tabs that only wait."""

import asyncio
import gzip
import json
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import uvicorn
from aiohttp import ClientSession
from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.typing import Origin as SentFrom

from callboard.api.site import create_api
from callboard.bootstrap import Sources, build_app
from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.events.codec import GENESIS, Recorded, seal
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.events.tool_call import CallRequest, ToolCallCompleted, ToolCallStarted
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import JsonObject, Message, TextPart, ToolCallPart
from callboard.domain.org.people import PEOPLE
from callboard.domain.org.principal import as_owner
from callboard.domain.thread_mark import mark_of
from callboard.domain.tool import ToolFacts, json_outputs
from callboard.engine.projection import first_row, project
from callboard.entrance.asking import COOKIE, Site
from callboard.entrance.site import Parts, create_site
from callboard.ports.event_store import Batch
from callboard.settings import read_settings
from callboard.usecases.app import App
from callboard.usecases.people import NewPerson, add_person
from callboard.usecases.sessions import Origin, open_session
from callboard.web.site import create_pages

ANN = as_owner(Actor(kind="person", name="ann"))
PEOPLE_COUNT, VIEWERS, EVENTS, SECONDS, IDLE = 20, 50, 10_000, 10, 1_000
RATE = 50
"""Events a second."""
LOOKS = ToolFacts(access="read", retry_safety="pure")


class Thread:
    """A run that is written down by hand, call after call."""

    def __init__(self, app: App, run_id: str) -> None:
        self.app, self.run_id, self.turn = app, run_id, 0
        self.seq, self.hash = 1, GENESIS

    async def begin(self) -> None:
        """Create the run."""
        agent = AgentDefinition(id="mara", display_name="Mara", model="scripted/mara")
        subject = AgentSubject(definition=agent, model=agent.model, prompt="Go.")
        created = RunCreated(subject=subject, actor=ANN.actor, workspace="/work")
        self.at = self.app.ports.clock.now() - timedelta(hours=4)
        recorded = Recorded(self.run_id, 1, self.at, created)
        sealed, _ = seal(recorded, GENESIS)
        self.row, self.hash = first_row(recorded, created), sealed.hash
        self.claim = await self.app.ports.store.create([sealed], self.row)

    def events(self) -> list[AnyEvent]:
        """Return the next turn: an answer, and its call from beginning to end."""
        self.turn += 1
        text = f"Message {self.turn}: the *change* stays small." if self.turn % 4 == 0 else ""
        tool = ("read_files", "code_search", "list_directory")[self.turn % 3]
        path: JsonObject = {"path": f"src/app/file{self.turn % 9}.py"}
        parts = [ToolCallPart(call_id="c", tool=tool, arguments=path)]
        answer = ModelCallCompleted(
            turn=self.turn,
            attempt=1,
            message=Message(
                role="assistant", parts=(*([TextPart(text=text)] if text else ()), *parts)
            ),
            finish="tool_calls",
            usage=None,
            cost_usd=Decimal("0.001"),
            requests=(CallRequest(call_id="c", tool=tool, facts=LOOKS),),
            duration_ms=400,
        )
        begun = ToolCallStarted(turn=self.turn, call_id="c", tool=tool, epoch=1)
        output = json_outputs({"content": "x = 1\n" * 40})
        done = ToolCallCompleted(
            turn=self.turn, call_id="c", tool=tool, output=output, duration_ms=90
        )
        return [answer, begun, done]

    async def append(self, events: list[AnyEvent]) -> None:
        """Append events as a driver does."""
        recorded, sealed = list[Recorded](), []
        head = self.seq
        for event in events:
            self.seq, self.at = self.seq + 1, self.at + timedelta(milliseconds=300)
            entry = Recorded(self.run_id, self.seq, self.at, event)
            stored, _ = seal(entry, self.hash)
            self.hash = stored.hash
            recorded.append(entry)
            sealed.append(stored)
        self.row = project(self.row, recorded)
        marks = tuple(map(mark_of, recorded))
        batch = Batch(self.run_id, self.claim.epoch, head, tuple(sealed), self.row, (), (), marks)
        written = self.app.ports.store.append(batch)
        self.app.ports.live.submitted(written, recorded, sealed)
        await written


async def _filled(app: App, run_id: str, events: int) -> Thread:
    thread = Thread(app, run_id)
    await thread.begin()
    while thread.seq < events:
        await thread.append([event for _ in range(100) for event in thread.events()])
    return thread


async def _sessions(app: App) -> list[str]:
    found: list[str] = []
    for number in range(PEOPLE_COUNT):
        await add_person(app, ANN, NewPerson(f"p{number}", f"P {number}", "owner"))
        kept = await app.records.get(PEOPLE, f"p{number}")
        assert kept is not None
        session = await open_session(app, kept.value, "password", Origin("127.0.0.1", "bench"))
        found.append(session.text)
    return found


async def _serve(pipe: Connection, home: str) -> None:
    settings = read_settings({"CALLBOARD_HOME": home, "CALLBOARD_USER": "bench"})
    app = await build_app(settings, Sources())
    await _filled(app, "long", EVENTS)
    thread = await _filled(app, "now", 600)
    cookies = await _sessions(app)

    async def opened() -> App:
        return app

    parts = Parts(opened, Site(local_user="bench"))
    pages = create_pages(parts)
    site = create_site(parts, create_api(parts, pages), pages)
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        site, log_config=None, access_log=False, ws_per_message_deflate=False, lifespan="on"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    pipe.send((listening.getsockname()[1], cookies))
    await _obey(pipe, thread)
    server.should_exit = True
    parts.stopping.set()
    await serving


async def _obey(pipe: Connection, thread: Thread) -> None:
    """Write, or say what was used, as the other side asks for it."""
    loop = asyncio.get_running_loop()
    while True:
        match await asyncio.to_thread(pipe.recv):
            case "used":
                pipe.send((time.process_time(), _memory()))
            case ("write", int(seconds)):
                end, written = loop.time() + seconds, 0
                began = loop.time()
                while loop.time() < end:
                    for event in thread.events():
                        await thread.append([event])
                        written += 1
                        await asyncio.sleep(max(began + written / RATE - loop.time(), 0))
                pipe.send((written, thread.seq))
            case _:
                return


def _memory() -> float:
    """Return the resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _process(pipe: Connection, home: str) -> None:
    asyncio.run(_serve(pipe, home))


class Server:
    """The other side: where it is found, who may come in, and what it used."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.port, self.cookies = pipe.recv()

    async def ask(self, what: object) -> tuple[float, float]:
        """Ask it for something."""
        self._pipe.send(what)
        return await asyncio.to_thread(self._pipe.recv)

    def cookie(self, number: int) -> str:
        """Return somebody's cookie."""
        return f"{COOKIE}={self.cookies[number % len(self.cookies)]}"


@contextmanager
def _server(home: str) -> Generator[Server]:
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_process, args=(there, home))
    process.start()
    try:
        yield Server(cast("Connection", here))
        here.send("stop")
        process.join(20)
    finally:
        process.kill()


class Viewer:
    """A tab. It counts the rows that it was told, and how late they came."""

    def __init__(self, server: Server, number: int) -> None:
        self._server, self._number = server, number
        self.keys: set[str] = set()
        self.bytes = 0
        self.seq = 0

    async def open(self, run_id: str, seq: int) -> None:
        """Connect and ask for a thread."""
        uri = f"ws://127.0.0.1:{self._server.port}/live"
        headers = Headers({"Cookie": self._server.cookie(self._number)})
        origin = SentFrom(f"http://127.0.0.1:{self._server.port}")
        self.socket: ClientConnection = await connect(
            uri,
            additional_headers=headers,
            origin=origin,
            compression=None,
            open_timeout=60,
        )
        await self.socket.send(json.dumps({"sub": {f"thread:{run_id}": seq, "me": 0}}))

    async def listen(self) -> None:
        """Take what comes."""
        async for said in self.socket:
            self.bytes += len(said)
            message = json.loads(said)
            if message["t"] != "me":
                self.seq = message["seq"]
                self.keys |= {op["k"] for op in message.get("ops", ()) if "h" in op}


async def _page(server: Server) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    headers = {"Cookie": server.cookie(0), "Accept-Encoding": "gzip"}
    async with ClientSession(auto_decompress=False) as session:
        for name, path in (
            ("thread of 10,000 events", "/runs/long"),
            ("the same, failures only", "/runs/long?show=failures"),
            ("the same, a text", "/runs/long?q=Message%201200"),
            ("the same, its middle", "/runs/long?around=5000"),
        ):
            times: list[float] = []
            body = b""
            for _ in range(7):
                began = time.perf_counter()
                async with session.get(
                    f"http://127.0.0.1:{server.port}{path}", headers=headers
                ) as answer:
                    body = await answer.read()
                times.append(time.perf_counter() - began)
            text = gzip.decompress(body).decode()
            rows.append(
                {
                    "what": name,
                    "ms, median": round(statistics.median(times) * 1000),
                    "KB on the wire": round(len(body) / 1000, 1),
                    "rows": text.count("<article"),
                }
            )
    return rows


async def _load(server: Server, viewers: int) -> dict[str, object]:
    """Write 50 events a second; return what that costs with so many viewers."""
    _, seq = await server.ask(("write", 1))
    tabs = [Viewer(server, number) for number in range(viewers)]
    await asyncio.gather(*(tab.open("now", 10**9) for tab in tabs))
    listening = [asyncio.create_task(tab.listen()) for tab in tabs]
    await asyncio.sleep(1)
    before, _ = await server.ask("used")
    began = time.perf_counter()
    written, seq = await server.ask(("write", SECONDS))
    await asyncio.sleep(1)
    after, memory = await server.ask("used")
    share = (after - before) / (time.perf_counter() - began)
    counts = sorted(len(tab.keys) for tab in tabs)
    for task in listening:
        task.cancel()
    await asyncio.gather(*(tab.socket.close() for tab in tabs), return_exceptions=True)
    del seq
    return {
        "what": f"{RATE} events/s, {viewers} viewers",
        "share of a core": f"{share:.1%}",
        "events": int(written),
        "rows told, fewest to most": f"{counts[0]} to {counts[-1]}" if counts else "",
        "KB/s a viewer": round(sum(t.bytes for t in tabs) / max(viewers, 1) / SECONDS / 1000, 1),
        "memory MB": round(memory),
    }


async def _idle(server: Server) -> dict[str, object]:
    """Return what a thousand tabs cost that only wait."""
    _, empty = await server.ask("used")
    tabs = [Viewer(server, number) for number in range(IDLE)]
    began = time.perf_counter()
    for start in range(0, IDLE, 50):
        await asyncio.gather(*(tab.open("long", 10**9) for tab in tabs[start : start + 50]))
    took = time.perf_counter() - began
    listening = [asyncio.create_task(tab.listen()) for tab in tabs]
    await asyncio.sleep(2)
    before, memory = await server.ask("used")
    began = time.perf_counter()
    await asyncio.sleep(SECONDS)
    after, _ = await server.ask("used")
    share = (after - before) / (time.perf_counter() - began)
    for task in listening:
        task.cancel()
    await asyncio.gather(*(tab.socket.close() for tab in tabs), return_exceptions=True)
    return {
        "what": f"{IDLE:,} tabs that wait (connected in {took:.1f} s)",
        "share of a core": f"{share:.1%}",
        "memory MB": round(memory),
        "MB per 100 tabs": round((memory - empty) / IDLE * 100, 1),
    }


async def _measure(
    work: Callable[[Server], Awaitable[list[dict[str, object]]]],
) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as home, _server(home) as server:
        return await work(server)


async def _all(server: Server) -> list[dict[str, object]]:
    rows = await _page(server)
    for viewers in (0, 1, VIEWERS):
        rows.append(await _load(server, viewers))
    return [*rows, await _idle(server)]


def main() -> list[dict[str, object]]:
    """Return what was measured."""
    return asyncio.run(_measure(_all))

"""The socket of a tab: which topics it watches, from where on, for as long as it may."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

from starlette.websockets import WebSocket, WebSocketDisconnect

from callboard.domain.errors import CallboardError
from callboard.entrance.asking import Asker, Site, find_asker
from callboard.entrance.door import cookies
from callboard.usecases.app import App
from callboard.web.live.hub import Hub
from callboard.web.live.topic import Topic
from callboard.web.live.viewer import Viewer

MOST_TOPICS: Final = 20
MOST_SOCKETS: Final = 100
"""So many tabs of one account watch at a time."""
_LONGEST: Final = 16_384
_POLICY, _TRY_AGAIN, _RESTART = 1008, 1013, 1012


class Topics(Protocol):
    """Finds topics by the names that pages know them by."""

    def find(self, name: str, asker: Asker) -> tuple[str, Callable[[], Topic]] | None:
        """Return the name that the hub keeps a topic under, and how to make it; None for no such topic."""
        ...


@dataclass(slots=True)
class Live:
    """What sockets work with. `check_every_s` is how often a socket's rights are asked for anew, in seconds."""

    app: App
    site: Site
    hub: Hub
    topics: Topics
    check_every_s: float = 30.0
    sockets: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(slots=True)
class _Watching:
    """A topic of this socket."""

    key: str
    topic: Topic


async def serve(socket: WebSocket, live: Live) -> None:
    """Serve a socket until it is closed, by either side."""
    asker = cast("Asker", socket.scope["state"]["asker"])
    if live.sockets.get(asker.account, 0) >= MOST_SOCKETS:
        await socket.close(_TRY_AGAIN)
        return
    await socket.accept()
    live.sockets[asker.account] = live.sockets.get(asker.account, 0) + 1
    try:
        async with live.hub.viewing() as viewer:
            await _Tab(socket, live, asker, viewer).run()
    finally:
        live.sockets[asker.account] -= 1
        if not live.sockets[asker.account]:
            del live.sockets[asker.account]


class _Tab:
    """One tab's socket."""

    def __init__(self, socket: WebSocket, live: Live, asker: Asker, viewer: Viewer) -> None:
        self._socket = socket
        self._live = live
        self._asker = asker
        self._viewer = viewer
        self._watching: dict[str, _Watching] = {}

    async def run(self) -> None:
        """Listen and tell at the same time; the end of one is that of the other."""
        listening = asyncio.create_task(self._listen())
        telling = asyncio.create_task(self._tell())
        try:
            await asyncio.wait((listening, telling), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (listening, telling):
                task.cancel()
            await asyncio.gather(listening, telling, return_exceptions=True)
        with suppress(RuntimeError, WebSocketDisconnect):  # it is closed already
            await self._socket.close(_TRY_AGAIN if self._viewer.is_slow else _RESTART)

    async def _listen(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                said = _read(await self._socket.receive_text())
                if said is None:
                    await self._socket.close(_POLICY)
                    return
                for name, at in said.items():
                    await self._join(name, at)

    async def _join(self, name: str, at: int) -> None:
        found = self._live.topics.find(name, self._asker)
        if found is None or name in self._watching or len(self._watching) >= MOST_TOPICS:
            self._gone(name)
            return
        key, make = found
        topic = make()
        if not await topic.may(self._live.app, self._asker.who):
            self._gone(name)
            return
        try:
            await self._live.hub.join(self._viewer, key, name, lambda: topic, at)
        except CallboardError:
            self._gone(name)
            return
        self._watching[name] = _Watching(key, topic)

    def _gone(self, name: str) -> None:
        """Say that a topic is not to be watched: whether it is there and why not is nobody's business."""
        self._viewer.tell(json.dumps({"t": name[:200], "gone": 1}))

    async def _tell(self) -> None:
        now = asyncio.get_running_loop().time
        checked = now()
        while True:
            every = self._live.check_every_s
            message = await self._viewer.next(max(checked + every - now(), 0.01))
            if message is not None:
                await self._socket.send_text(message)
            elif self._viewer.is_over:
                return
            if now() - checked >= every:
                if not await self._still_in():
                    await self._socket.close(_POLICY)
                    return
                checked = now()

    async def _still_in(self) -> bool:
        """Ask anew who this is, and whether they may watch what they do."""
        socket, live = self._socket, self._live
        try:
            asker = await find_asker(
                live.app, live.site, socket.headers, cookies(socket.headers), socket.client
            )
        except CallboardError:
            return False
        if asker.account != self._asker.account:
            return False
        for name, watching in list(self._watching.items()):
            if not await watching.topic.may(live.app, asker.who):
                live.hub.leave(self._viewer, watching.key)
                del self._watching[name]
                self._gone(name)
        return True


def _read(text: str) -> Mapping[str, int] | None:
    """Return the cursors of a message by topic; None where it is none."""
    if len(text) > _LONGEST:
        return None
    try:
        said: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    wanted = cast("dict[str, object]", said).get("sub") if isinstance(said, dict) else None
    if not isinstance(wanted, dict):
        return None
    pairs = cast("dict[str, object]", wanted).items()
    if not all(isinstance(at, int) and not isinstance(at, bool) for _, at in pairs):
        return None
    return {name: max(cast("int", at), 0) for name, at in pairs}

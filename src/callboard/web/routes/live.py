"""The socket that keeps pages live."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from fastapi import APIRouter
from starlette.datastructures import State
from starlette.websockets import WebSocket

from callboard.entrance.asking import Asker
from callboard.usecases.app import App
from callboard.web.glance import Glances
from callboard.web.live.agents import AgentsTopic
from callboard.web.live.beginnings import BeginningTopic
from callboard.web.live.boards import BoardTopic, ShowCard
from callboard.web.live.counters import CountersTopic
from callboard.web.live.hub import Hub
from callboard.web.live.runs import RunsTopic
from callboard.web.live.socket import Live, serve
from callboard.web.live.threads import ThreadTopic
from callboard.web.live.topic import Topic
from callboard.web.thread_rows import show_row

router = APIRouter()


@dataclass(slots=True)
class PageTopics:
    """The topics of our pages. The board's page says how its cards look."""

    glances: Glances
    show_card: ShowCard | None = None

    def find(self, name: str, asker: Asker) -> tuple[str, Callable[[], Topic]] | None:
        """See `Topics`."""
        kind, _, about = name.partition(":")
        if kind == "thread" and about:
            return name, partial(ThreadTopic, about, show_row)
        if kind == "board" and about and self.show_card is not None:
            return name, partial(BoardTopic, about, self.show_card)
        if kind == "task" and about:
            return name, partial(BeginningTopic, about)
        if name == "agents":
            return name, AgentsTopic
        if name == "runs":
            return name, RunsTopic
        if name == "me":
            return f"me:{asker.account}", partial(CountersTopic, asker, self.glances)
        return None


@dataclass(slots=True)
class _Serving:
    """The hub of a site, from its first socket until it stops."""

    live: Live
    ending: asyncio.Task[None] = field(repr=False)


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Serve a tab."""
    await serve(socket, live_of(socket.app.state))


def live_of(state: State) -> Live:
    """Return what sockets of a site work with."""
    app = cast("App", state.callboard)
    found = cast("_Serving | None", getattr(state, "live", None))
    if found is not None and found.live.app is app:
        return found.live
    topics = PageTopics(cast("Glances", state.glances), getattr(state, "show_card", None))
    made = Live(app, state.site, Hub(app), topics)
    ending = asyncio.create_task(_end_with(made.hub, cast("asyncio.Event", state.stopping)))
    state.live = _Serving(made, ending)
    return made


async def _end_with(hub: Hub, stopping: asyncio.Event) -> None:
    await stopping.wait()
    await hub.close()

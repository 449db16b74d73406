"""A run's events as they happen, for whoever follows it: server-sent events, resumable at any of them.

Nothing is queued: what a reader has not taken yet is in the log, and is read from there at the reader's pace.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from callboard.domain.events.codec import Recorded, Sealed, timestamp
from callboard.domain.events.run import Terminal
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.run_events import events_after


@dataclass(slots=True)
class Pace:
    """How many seconds go by between two looks for what other processes write into the log, and before a stream
    shows that it lives, and asks whether its reader is still let in.
    """

    look_every_s: float = 0.5
    heartbeat_s: float = 15.0


def event_json(recorded: Recorded) -> bytes:
    """Return an event as JSON, with its payload, in the form of the log."""
    payload = recorded.event.model_dump_json(by_alias=True)
    at = timestamp(recorded.at)
    head = f'{{"run_id":"{recorded.run_id}","seq":{recorded.seq},"at":"{at}",'
    return f"{head}{payload[1:]}".encode()


async def follow(
    app: App,
    who: Principal,
    run_id: str,
    after: int,
    *,
    still_in: Callable[[], Awaitable[bool]],
    stopping: asyncio.Event,
    pace: Pace,
) -> AsyncGenerator[bytes]:
    """Yield a run's events behind a position until it has ended, the server stops, or the reader is out."""
    woken = asyncio.Event()

    def seen(recorded: Recorded, _: Sealed) -> None:
        if recorded.run_id == run_id:
            woken.set()

    now = asyncio.get_running_loop().time
    checked = now()
    yield b"retry: 2000\n\n"
    with app.ports.live.watching(seen):
        while not stopping.is_set():
            woken.clear()
            for recorded in await events_after(app, who, run_id, after):
                yield _frame(recorded)
                after = recorded.seq
                if isinstance(recorded.event, Terminal):
                    return
            if now() - checked >= pace.heartbeat_s:
                if not await still_in():
                    return
                yield b": still here\n\n"
                checked = now()
            await _wait(woken, pace.look_every_s)


def _frame(recorded: Recorded) -> bytes:
    name = recorded.event.type.encode()
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (recorded.seq, name, event_json(recorded))


async def _wait(woken: asyncio.Event, most_s: float) -> None:
    """Wait until something happened here, or it is time to look."""
    with suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await woken.wait()

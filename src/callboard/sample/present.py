"""Today: work that waits for people, work that waits for work, and what nobody has begun yet. On real repositories."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from callboard.domain.org.task import TaskRecord
from callboard.sample.cast import OWNER, PLACES, Place
from callboard.sample.clock import SetClock
from callboard.sample.plot import SHARES, asked, titles_of
from callboard.sample.stage import someone
from callboard.usecases.app import App
from callboard.usecases.queueing import queue_task
from callboard.usecases.tasks import NewTask, comment_on, create_task
from callboard.usecases.worker import Worker

_WAITING: Final = {"checkout": 4, "handbook": 2, "pipelines": 2}
_OPEN: Final = {"checkout": 6, "handbook": 4, "pipelines": 3}
_STARTING: Final = {"checkout": 3, "handbook": 1, "pipelines": 1}


async def live_through_today(app: App, clock: SetClock, now: datetime) -> None:
    """Bring everything to where it stands when somebody looks; what is queued at the end is begun when the worker is."""
    chance = random.Random(5)  # noqa: S311 - the same sample for everybody
    titles: dict[str, Iterator[str]] = {
        place.id: islice(titles_of(place), SHARES[place.id], None) for place in PLACES
    }
    waiting: list[TaskRecord] = []
    hours = 9.0
    for place in PLACES:
        for _ in range(_WAITING[place.id]):
            hours -= 0.8
            clock.set(now - timedelta(hours=hours))
            waiting.append(await _start(app, place, next(titles[place.id]), chance))
    await _questions(app, clock, now)
    await Worker(app).idle()
    clock.set(now - timedelta(minutes=50))
    await _talk(app, waiting)
    await _not_begun(app, clock, now, titles, waiting)


async def _start(app: App, place: Place, title: str, chance: random.Random) -> TaskRecord:
    task = await _write_down(app, place, title, chance)
    return await queue_task(app, await someone(app, task.created_by.name), task.key)


async def _write_down(
    app: App, place: Place, title: str, chance: random.Random, depends_on: tuple[str, ...] = ()
) -> TaskRecord:
    one = asked(place, title, app.ports.clock.now(), chance)
    wish = replace(one.wish, depends_on=depends_on)
    return await create_task(app, await someone(app, one.who), place.id, wish)


async def _questions(app: App, clock: SetClock, now: datetime) -> None:
    """Let two tasks ask something, and one of the owner's fail."""
    for minutes, who, space, title in (
        (140, "ann", "checkout", "Which currency do vouchers have"),
        (120, "tom", "pipelines", "Migrate the archive of 2019"),
        (100, OWNER, "handbook", "Translate the terms for partners"),
    ):
        clock.set(now - timedelta(minutes=minutes))
        principal = await someone(app, who)
        task = await create_task(app, principal, space, NewTask(title, owner=f"person:{who}"))
        await queue_task(app, principal, task.key)


async def _talk(app: App, waiting: list[TaskRecord]) -> None:
    mia, sam, first = await someone(app, "mia"), await someone(app, "sam"), waiting[0]
    await comment_on(app, mia, first.key, f"@{OWNER} can this go out before the weekend?")
    await comment_on(
        app, mia, first.key, "The **README** has a line about it now, see `README.md`."
    )
    pages = next(task for task in waiting if task.space == "handbook")
    await comment_on(app, sam, pages.key, f"@kim @{OWNER} the wording is better than last time.")


async def _not_begun(
    app: App,
    clock: SetClock,
    now: datetime,
    titles: dict[str, Iterator[str]],
    waiting: list[TaskRecord],
) -> None:
    chance = random.Random(6)  # noqa: S311
    for place in PLACES:
        clock.set(now - timedelta(minutes=40))
        for _ in range(_OPEN[place.id]):
            await _write_down(app, place, _next(titles, place), chance)
        needed = tuple(task.key for task in waiting if task.space == place.id)[:1]
        blocked = await _write_down(app, place, _next(titles, place), chance, needed)
        await queue_task(app, await someone(app, blocked.created_by.name), blocked.key)
        clock.set(now - timedelta(minutes=1))
        for _ in range(_STARTING[place.id]):
            await _start(app, place, _next(titles, place), chance)


def _next(titles: dict[str, Iterator[str]], place: Place) -> str:
    return next(titles[place.id], f"Tidy up {place.name.lower()}")

"""Going on with runs: one of them, or all that nobody drives."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from callboard.bootstrap import Sources, build_app
from callboard.cli.process import (
    DONE,
    FAILED,
    exit_code,
    interruptible,
    settings,
    with_app,
)
from callboard.cli.program import program
from callboard.cli.progress import JsonLines, Progress
from callboard.cli.run import report
from callboard.cli.story.story import Story
from callboard.cli.streams import say
from callboard.domain.errors import CallboardError
from callboard.domain.events.run import RunCreated
from callboard.domain.org.principal import Principal
from callboard.runtime.children import Ended
from callboard.usecases.app import App
from callboard.usecases.runs import (
    TERMINAL,
    find_run,
    list_unfinished,
    origin_of,
    resume_run,
    show_run,
)

_AT_ONCE = 32


def sources_of(run_id: str, agents: Sequence[Path] = ()) -> Sources:
    """Return where a run's definitions are: in the folders named here, or those it was started with.

    Raises:
        UnknownThing: no such run.
    """
    found: list[RunCreated] = []

    async def look(app: App, who: Principal) -> int:
        found.append(await origin_of(app, who, run_id))
        return DONE

    with_app(look)
    return _sources(found[0], agents)


def _sources(created: RunCreated, agents: Sequence[Path] = ()) -> Sources:
    folders = tuple(agents) or tuple(Path(folder) for folder in created.folders)
    return Sources(Path(created.workspace), folders)


async def resume_one(app: App, who: Principal, run_id: str, *, as_json: bool) -> int:
    """Continue a run while people or programs watch, and return its exit code."""
    row = await find_run(app, who, run_id)
    if row.status in TERMINAL:
        if not as_json:
            say(f"Run {run_id} is {row.status}: {program()} runs show {run_id}")
        return exit_code(await resume_run(app, who, run_id), interrupted=False)
    if as_json:
        with app.ports.live.watching(JsonLines().event):
            ended, stopped = await interruptible(app, run_id, resume_run(app, who, run_id))
        return exit_code(ended, interrupted=stopped)
    story = await story_so_far(app, who, run_id)
    with (
        Progress(story, text_of=run_id) as progress,
        app.ports.live.watching(progress.event, progress.delta),
    ):
        ended, stopped = await interruptible(app, run_id, resume_run(app, who, run_id))
    report(ended, run_id)
    return exit_code(ended, interrupted=stopped)


async def story_so_far(app: App, who: Principal, run_id: str) -> Story:
    """Return the story of a run up to now, to be told on."""
    story = Story()
    for recorded in (await show_run(app, who, run_id)).events:
        story.tell(recorded)
    return story


class Recovery:
    """Drives every run of this home that nobody drives, each with the definitions it was started with."""

    def __init__(self, app: App, who: Principal, stack: AsyncExitStack, *, as_json: bool) -> None:
        self._app = app
        self._who = who
        self._stack = stack
        self._as_json = as_json
        self._apps: dict[Sources, App] = {}
        self._building = asyncio.Lock()
        self.code = DONE

    async def unfinished(self) -> list[str]:
        """Return the runs to drive."""
        found = await list_unfinished(self._app, self._who)
        say(f"{len(found)} unfinished" if found else "No run is unfinished.")
        return found

    async def advance(self, run_id: str) -> None:
        """Drive one run."""
        try:
            app = await self._app_for(run_id)
            if not self._as_json:
                say(f"Run {run_id}: taken up")
            ended = await resume_run(app, self._who, run_id)
        except CallboardError as error:
            say(f"callboard: run {run_id}: {error}")
            self.code = FAILED
            return
        self._note(run_id, ended)

    def _note(self, run_id: str, ended: Ended) -> None:
        self.code = self.code or exit_code(ended, interrupted=False)
        if not self._as_json:
            stands = "waiting" if ended.terminal is None else ended.terminal.type[len("run.") :]
            say(f"Run {run_id}: {stands}")

    async def _app_for(self, run_id: str) -> App:
        sources = _sources(await origin_of(self._app, self._who, run_id))
        async with self._building:
            if sources not in self._apps:
                app = await build_app(settings(), sources)
                self._stack.push_async_callback(app.close)
                if self._as_json:
                    self._stack.enter_context(app.ports.live.watching(JsonLines().event))
                self._apps[sources] = app
        return self._apps[sources]


async def resume_all(app: App, who: Principal, *, as_json: bool) -> int:
    """Drive all unfinished runs as far as they go; 1 where one of them failed."""
    async with AsyncExitStack() as stack:
        recovery = Recovery(app, who, stack, as_json=as_json)
        found = await recovery.unfinished()
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(run_id: str) -> None:
            async with places:
                await recovery.advance(run_id)

        async with asyncio.TaskGroup() as group:
            for run_id in found:
                group.create_task(one(run_id))
    return recovery.code

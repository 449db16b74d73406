"""Filling a home with the sample: its past in memory, its present for real."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from callboard.bootstrap import Additions, Sources, build_app
from callboard.ports.model import ModelProvider
from callboard.ports.workspace import CommandResult
from callboard.runtime.system import SystemClock
from callboard.sample.clock import SetClock
from callboard.sample.founding import found
from callboard.sample.outside import schedule_outside
from callboard.sample.past import rounds_of, schedule_past
from callboard.sample.past_files import PastWorkspaces
from callboard.sample.plot import DAYS
from callboard.sample.present import live_through_today
from callboard.sample.repositories import make_repositories
from callboard.sample.stage import Stage
from callboard.sample.voices import Voices, Wait
from callboard.sample.work import REPOSITORIES
from callboard.settings import Settings
from callboard.usecases.app import App

_VENDORS: Final = ("openrouter", "anthropic", "openai", "gemini", "google", "scripted")
_RECENT: Final = timedelta(hours=12)
"""How long ago the past ends."""


async def fill(settings: Settings, receiver: str, now: datetime | None = None) -> None:
    """Fill an empty home with the sample, as it stands at a moment (None: this one). `receiver` is the address where
    its webhooks arrive.
    """
    now = now or SystemClock().now()
    repositories = await asyncio.to_thread(make_repositories, settings.home / "repositories")
    clock = SetClock(now - timedelta(days=DAYS))
    voices = Voices(_passing(clock), words=False)
    past = PastWorkspaces(
        {path: REPOSITORIES[space] for space, (path, _) in repositories.items()},
        dict(repositories.values()),
        lambda _: _tested(clock),
    )
    then = Additions(providers=everywhere(voices), clock=clock, disposable=True)
    async with _open(settings, replace(then, workspaces=past)) as app:
        await found(app, {space: path for space, (path, _) in repositories.items()})
        stage = Stage(app, clock, now - _RECENT, rounds_of(app).turn)
        schedule_outside(stage, now, receiver)
        schedule_past(stage, now - _RECENT)
        await stage.play()
    async with _open(settings, then) as app:
        await live_through_today(app, clock, now)
        rounds = rounds_of(app)
        while await rounds.turn():  # until all that was told has arrived, or is tried again later
            pass


@asynccontextmanager
async def _open(settings: Settings, additions: Additions) -> AsyncGenerator[App]:
    app = await build_app(settings, Sources(settings.home), additions)
    try:
        yield app
    finally:
        await app.close()


def everywhere(voices: ModelProvider) -> Mapping[str, ModelProvider]:
    """Return the voices in the place of every vendor: no key is needed, and nothing is sent anywhere."""
    return dict.fromkeys(_VENDORS, voices)


def _passing(clock: SetClock) -> Wait:
    async def wait(seconds: float) -> None:
        clock.pass_by(seconds)

    return wait


def _tested(clock: SetClock) -> CommandResult:
    clock.pass_by(3.2)
    return CommandResult(0, "", "Ran 14 tests in 0.412s\n\nOK\n")


def sample_settings(settings: Settings, home: Path, receiver: str) -> Settings:
    """Return the settings of a sample: a home of its own, no keys, no mail, nothing of the user's."""
    return replace(
        settings,
        home=home,
        database=home / "callboard.db",
        user="olga",
        providers={},
        keyring=False,
        vault_key=None,
        log_key=None,
        mail=None,
        openid=None,
        forge_command=(),
        url=None,
        web=replace(settings.web, allow=(receiver.removeprefix("http://"),), search=None),
    )

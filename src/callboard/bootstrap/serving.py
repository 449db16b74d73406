"""The site that `callboard serve` serves."""

# ruff: noqa: PLC0415 - the web framework is imported where a site is built

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from callboard.bootstrap.app import build_app
from callboard.bootstrap.sources import Additions, Sources
from callboard.runtime.system import SystemClock
from callboard.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from callboard.entrance.running import Worker
    from callboard.usecases.app import App
    from callboard.usecases.openid_sign_in import OpenId
    from callboard.usecases.rounds import Hand


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a sample organisation is served with: what takes the place of the real models, and whoever keeps it busy
    beside its worker. Whoever works on this machine is its owner.
    """

    additions: "Additions"
    beside: "Callable[[App], Hand]"


def open_site(
    settings: Settings,
    version: str,
    stopping: asyncio.Event,
    *,
    for_this_machine: bool = True,
    with_worker: bool = True,
    rehearsal: "Rehearsal | None" = None,
) -> "ASGIApp":
    """Return the site, with the worker that drives its tasks and goes the rounds. Its app is built when it starts.
    `for_this_machine`: it listens on loopback only, and as long as nobody is here yet, whoever works on this machine
    need not sign in. Without a worker, workers elsewhere drive what is to be done and go the rounds. `rehearsal`: it is a sample,
    not a deployment.
    """
    from callboard.api.site import create_api
    from callboard.bootstrap.models import model_facts
    from callboard.bootstrap.monitoring import probed
    from callboard.bootstrap.rounds import open_rounds
    from callboard.entrance.asking import Site
    from callboard.entrance.site import Parts, create_site
    from callboard.identity.neighbours import is_same_user
    from callboard.usecases.rounds import Hands
    from callboard.usecases.worker import Worker as TaskWorker
    from callboard.web.site import create_pages

    async def open_app() -> "App":
        return await build_app(settings, Sources(), rehearsal and rehearsal.additions)

    def worker(app: "App") -> "Worker":
        beside = () if rehearsal is None else (rehearsal.beside(app),)
        return Hands((TaskWorker(app), open_rounds(settings, app), *beside))

    user = settings.user if for_this_machine else None
    site = Site(settings.url, user, rehearsal is not None, is_same_user)
    openid = _openid(settings)
    facts = model_facts(settings)
    parts = Parts(
        open_app,
        site,
        version,
        worker if with_worker else None,
        openid,
        facts,
        stopping,
        partial(probed, settings, version),
    )
    pages = create_pages(parts)
    return create_site(parts, create_api(parts, pages), pages)


def _openid(settings: Settings) -> "OpenId | None":
    from callboard.identity.openid import OpenIdConnect
    from callboard.usecases.openid_sign_in import OpenId

    told = settings.openid
    if told is None:
        return None
    provider = OpenIdConnect(told.issuer, told.client_id, told.client_secret, SystemClock())
    return OpenId(provider, told.join)

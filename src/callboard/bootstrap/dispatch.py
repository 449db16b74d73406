"""What hands out work: inside this process, or between all that share a database."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from callboard.domain.errors import ConfigurationInvalid
from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.ports.clock import Clock
    from callboard.ports.dispatcher import Dispatcher


def open_dispatcher(settings: Settings, clock: "Clock") -> "Dispatcher":
    """Return what hands out work in this deployment; it takes and carries none before it is used.

    Raises:
        ConfigurationInvalid: what was asked for needs another database, or an extra that is not installed.
    """
    place, wanted = settings.database, settings.dispatcher
    if isinstance(place, Path):
        if wanted not in (None, "embedded"):
            raise ConfigurationInvalid(
                f"CALLBOARD_DISPATCHER={wanted} needs a database on a server: set CALLBOARD_DATABASE_URL to"
                " `postgresql://…`, or leave CALLBOARD_DISPATCHER out"
            )
        return _embedded(clock)
    match wanted:
        case "embedded":
            return _embedded(clock)
        case "dbos":
            return _dbos(place.url.get_secret_value(), clock)
        case "procrastinate" | None:
            return _procrastinate(place.url.get_secret_value(), clock)


async def prepare_dispatch(settings: Settings) -> None:
    """Make what carries work from process to process, where it is not there yet: the first process that needs it does so
    too, if it may.

    Raises:
        ConfigurationInvalid: the database cannot be reached, or its user may not create schemas.
    """
    place, wanted = settings.database, settings.dispatcher
    if isinstance(place, Path) or wanted == "embedded":
        return
    url = place.url.get_secret_value()
    if wanted == "dbos":
        _check_dbos()
        from callboard.stores.dispatch.workflow_schema import prepare_workflows

        await prepare_workflows(url)
    else:
        from callboard.stores.dispatch.jobs_schema import prepare_jobs

        await prepare_jobs(url)


def dispatcher_name(settings: Settings) -> str:
    """Return what hands out work in this deployment, by name."""
    if isinstance(settings.database, Path):
        return "embedded"
    return settings.dispatcher or "procrastinate"


def _embedded(clock: "Clock") -> "Dispatcher":
    from callboard.stores.dispatch.embedded import EmbeddedDispatcher

    return EmbeddedDispatcher(clock)


def _procrastinate(url: str, clock: "Clock") -> "Dispatcher":
    from callboard.stores.dispatch.on_demand import OnDemand

    def opened() -> "Dispatcher":
        from callboard.stores.dispatch.procrastinate import ProcrastinateDispatcher

        return ProcrastinateDispatcher(url, clock)

    return OnDemand(opened)


def _dbos(url: str, clock: "Clock") -> "Dispatcher":
    from callboard.stores.dispatch.on_demand import OnDemand

    _check_dbos()

    def opened() -> "Dispatcher":
        from callboard.stores.dispatch.dbos import DbosDispatcher

        return DbosDispatcher(url, clock)

    return OnDemand(opened)


def _check_dbos() -> None:
    if find_spec("dbos") is None:
        raise ConfigurationInvalid(
            "CALLBOARD_DISPATCHER=dbos needs an extra that is not installed: `pip install 'callboard[dbos]'`, or leave"
            " CALLBOARD_DISPATCHER out"
        )

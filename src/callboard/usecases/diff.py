"""The change that a run made so far."""

from collections.abc import Sequence

from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FilesChanged
from callboard.domain.org.principal import Principal
from callboard.runtime.reading import load
from callboard.usecases.app import App, require_run


async def diff_of(app: App, who: Principal, run_id: str) -> str:
    """Return the unified diff that a run recorded last, empty where it changed nothing.

    Raises:
        UnknownThing: no such run.
    """
    await require_run(app, who, "run.read", run_id)
    entries = await load(app.ports.store, run_id)
    last = last_files(entries)
    return (last.diff or "") if last is not None else ""


def last_files(entries: Sequence[Recorded]) -> FilesChanged | None:
    """Return the last record of the files in a log, if there is one."""
    recorded = (entry.event for entry in reversed(entries))
    return next((event for event in recorded if isinstance(event, FilesChanged)), None)

"""The change that a run made so far."""

from callboard.domain.actor import Actor
from callboard.domain.events.files import FilesChanged
from callboard.runtime.run_log import load
from callboard.usecases.app import App, require
from callboard.usecases.runs import existing_row


async def diff_of(app: App, actor: Actor, run_id: str) -> str:
    """Return the unified diff that a run recorded last, empty where it changed nothing.

    Raises:
        UnknownThing: no such run.
    """
    require(actor, "run.read")
    await existing_row(app, run_id)
    entries = await load(app.ports.store, run_id)
    recorded = [entry.event for entry in entries if isinstance(entry.event, FilesChanged)]
    return (recorded[-1].diff or "") if recorded else ""

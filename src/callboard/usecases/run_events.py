"""One run's own events, from a position on."""

from callboard.domain.events.codec import Recorded, unseal
from callboard.domain.org.principal import Principal
from callboard.runtime.reading import with_payloads
from callboard.usecases.app import App, require_run


async def events_after(app: App, who: Principal, run_id: str, after: int = 0) -> list[Recorded]:
    """Return the events behind position `after`, with their payloads.

    Raises:
        UnknownThing: no such run, or none that they may see.
    """
    await require_run(app, who, "run.read", run_id)
    sealed = await app.ports.store.read(run_id, after=after)
    return await with_payloads(app.ports.store, [unseal(entry) for entry in sealed])

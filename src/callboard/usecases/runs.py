"""Look at runs, continue them, end them."""

from collections.abc import Sequence
from dataclasses import dataclass

from callboard.domain.actor import Actor
from callboard.domain.errors import LogCorrupt, RunBusy, UnknownThing
from callboard.domain.events.codec import Recorded, Sealed, unseal
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.run_row import RunRow
from callboard.ports.event_store import Signal
from callboard.runtime.children import Ended
from callboard.runtime.run_log import load, with_payloads
from callboard.runtime.standing import fold_any, standing
from callboard.usecases.app import App, require

TERMINAL = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run, its events and those of everything below it, in the order in which they were stored.

    `sealed` are the events as stored, `events` the same ones with their payloads.
    """

    row: RunRow
    sealed: list[Sealed]
    events: list[Recorded]


async def list_runs(
    app: App, actor: Actor, *, statuses: Sequence[str] = (), limit: int = 50
) -> list[RunRow]:
    """Return root runs, newest first."""
    require(actor, "run.read")
    return await app.ports.store.rows(statuses=statuses, limit=limit)


async def show_run(app: App, actor: Actor, run_id: str) -> ShownRun:
    """Return a run with its events.

    Raises:
        UnknownThing: no such run.
    """
    require(actor, "run.read")
    row = await existing_row(app, run_id)
    sealed = await app.ports.store.read_tree(run_id)
    events = await with_payloads(app.ports.store, [unseal(entry) for entry in sealed])
    return ShownRun(row, sealed, events)


async def stored_events(app: App, actor: Actor, run_id: str) -> list[Sealed]:
    """Return the events of a run and of everything below it as they are stored, readable or not.

    Raises:
        UnknownThing: no such run.
    """
    require(actor, "run.read")
    return await app.ports.store.read_tree(run_id)


async def existing_row(app: App, run_id: str) -> RunRow:
    """Return a run's projection.

    Raises:
        UnknownThing: no such run.
    """
    row = await app.ports.store.row(run_id)
    if row is None:
        raise UnknownThing(f"run {run_id!r} was not found (see `callboard runs list`)")
    return row


async def list_unfinished(app: App, actor: Actor) -> list[str]:
    """Return the ids of root runs that could go on and that no living process drives."""
    require(actor, "run.read")
    ids = await app.ports.store.unfinished()
    rows = [await app.ports.store.row(run_id) for run_id in ids]
    return [row.run_id for row in rows if row is not None and row.status == "running"]


async def origin_of(app: App, actor: Actor, run_id: str) -> RunCreated:
    """Return how the tree that a run belongs to was started.

    Raises:
        UnknownThing: no such run.
        LogCorrupt: the log does not begin with run.created.
    """
    require(actor, "run.read")
    row = await existing_row(app, run_id)
    entries = await app.ports.store.read(row.root_id)
    created = unseal(entries[0]).event if entries else None
    if not isinstance(created, RunCreated):
        raise LogCorrupt(f"run {row.root_id}: the log does not begin with run.created")
    return created


async def resume_run(app: App, actor: Actor, run_id: str) -> Ended:
    """Continue a run whose process died, or that was decided about; a finished run is left alone.

    Raises:
        UnknownThing: no such run.
        RunBusy: a living process drives it.
        ConfigurationInvalid: it is to go on, and a model that it needs cannot be reached.
    """
    require(actor, "run.resume")
    await existing_row(app, run_id)
    await require_models(app, await load(app.ports.store, run_id))
    return await app.driver.drive(run_id)


async def require_models(app: App, entries: Sequence[Recorded], *, decided: bool = False) -> None:
    """Refuse to go on with a run whose models cannot be reached: it would fail for good over a missing key.

    Runs that have ended are left alone, and so are those that wait, unless they are `decided` about.

    Raises:
        ConfigurationInvalid: a provider or its key is missing.
    """
    state = fold_any(entries)
    if state.terminal is not None or (state.gate is not None and not decided):
        return
    if isinstance(state.subject, AgentSubject):
        if state.subject.definition.handle_steps is not None:  # it may never ask the model
            return
        await app.ports.models.provider_for(state.subject.definition, state.subject.model)
        return
    for definition in state.subject.agents.values():
        await app.ports.models.provider_for(definition, definition.model)


async def cancel_run(app: App, actor: Actor, run_id: str, *, reason: str = "") -> Ended:
    """End a run of this or another process, or one whose process died, and wait until it has ended.

    Raises:
        UnknownThing: no such run.
    """
    require(actor, "run.cancel")
    await existing_row(app, run_id)
    now = app.ports.clock.now()
    signal = Signal(run_id=run_id, key="cancel", kind="cancel", actor=actor, at=now, note=reason)
    await app.ports.store.signal(signal)
    while True:
        state = fold_any(await load(app.ports.store, run_id))
        if state.terminal is not None:
            return standing(state)
        try:
            return await app.driver.drive(run_id)
        except RunBusy:
            await app.ports.clock.sleep(0.05)

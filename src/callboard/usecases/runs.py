"""Look at runs, continue them, end them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from callboard.domain.errors import LogCorrupt, RunBusy
from callboard.domain.events.codec import Recorded, Sealed, unseal
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.org.principal import Principal
from callboard.domain.run.state import RunState
from callboard.domain.run_row import RunRow
from callboard.ports.event_store import ROOTS, RunsWanted, Signal
from callboard.runtime.children import Ended
from callboard.runtime.reading import load, with_payloads
from callboard.runtime.standing import fold_any, standing
from callboard.usecases.app import App, require, require_log, require_run, seen_spaces
from callboard.usecases.reachable import require_provider
from callboard.usecases.run_origins import drive_noted, handed_on

TERMINAL = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run, its events and those of everything below it, in the order in which they were stored.

    `sealed` are the events as stored, `events` the same ones with their payloads. `stopped`: see `stopped_runs`.
    """

    row: RunRow
    sealed: list[Sealed]
    events: list[Recorded]
    stopped: bool = False


async def list_runs(app: App, who: Principal, wanted: RunsWanted = ROOTS) -> list[RunRow]:
    """Return runs of the spaces that somebody sees, newest first."""
    spaces = seen_spaces(who, "run.read", wanted.spaces)
    return await app.ports.store.rows(replace(wanted, spaces=spaces))


async def stopped_runs(app: App, rows: Iterable[RunRow]) -> frozenset[str]:
    """Return the ids of those runs that would go on, and that no living process drives: theirs died, or they are forks that
    nobody resumed.
    """
    going = [row for row in rows if row.status == "running"]
    if not going:
        return frozenset()
    left = frozenset(await app.ports.store.unfinished())
    return frozenset(row.run_id for row in going if row.root_id in left)


async def runs_to_resume(app: App, rows: Iterable[RunRow]) -> frozenset[str]:
    """Return the ids of those that have stopped and that no worker goes on with unasked: of no task, and left to nobody."""
    lone = [row for row in rows if row.task is None]
    stopped = await stopped_runs(app, lone)
    left = await handed_on(app) if stopped else frozenset[str]()
    return stopped - {row.run_id for row in lone if row.root_id in left}


async def require_undriven(app: App, row: RunRow) -> None:
    """Do nothing where no process drives a run: it has stopped, ended, or waits.

    Raises:
        RunBusy: a living process does.
    """
    if row.status == "running" and not await stopped_runs(app, [row]):
        raise RunBusy(f"run {row.run_id} goes on already: a living process drives it")


async def find_run(app: App, who: Principal, run_id: str) -> RunRow:
    """Return a run's projection.

    Raises:
        UnknownThing: no such run.
    """
    return await require_run(app, who, "run.read", run_id)


async def show_run(app: App, who: Principal, run_id: str) -> ShownRun:
    """Return a run with its events.

    Raises:
        UnknownThing: no such run.
    """
    row = await require_run(app, who, "run.read", run_id)
    sealed = await app.ports.store.read_tree(run_id)
    events = await with_payloads(app.ports.store, [unseal(entry) for entry in sealed])
    return ShownRun(row, sealed, events, run_id in await stopped_runs(app, [row]))


async def stored_events(app: App, who: Principal, run_id: str) -> list[Sealed]:
    """Return the events of a run and of everything below it as they are stored, readable or not.

    Raises:
        UnknownThing: no such run.
    """
    await require_log(app, who, "run.read", run_id)
    return await app.ports.store.read_tree(run_id)


async def list_unfinished(app: App, who: Principal) -> list[str]:
    """Return the ids of root runs that could go on and that no living process drives."""
    require(who, "run.resume")
    ids = await app.ports.store.unfinished()
    rows = [await app.ports.store.row(run_id) for run_id in ids]
    return [row.run_id for row in rows if row is not None and row.status == "running"]


async def origin_of(app: App, who: Principal, run_id: str) -> RunCreated:
    """Return how the tree that a run belongs to was started.

    Raises:
        UnknownThing: no such run.
        LogCorrupt: the log does not begin with run.created.
    """
    row = await require_run(app, who, "run.read", run_id)
    entries = await app.ports.store.read(row.root_id)
    created = unseal(entries[0]).event if entries else None
    if not isinstance(created, RunCreated):
        raise LogCorrupt(f"run {row.root_id}: the log does not begin with run.created")
    return created


async def resume_run(app: App, who: Principal, run_id: str) -> Ended:
    """Continue a run whose process died, or that was decided about; a finished run is left alone.

    Raises:
        UnknownThing: no such run.
        RunBusy: a living process drives it.
        ConfigurationInvalid: it is to go on, and a model that it needs cannot be reached.
    """
    await require_run(app, who, "run.resume", run_id)
    await require_models(app, await load(app.ports.store, run_id))
    return await drive_noted(app, run_id)


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
        chain = state.subject.chain[state.position :] if isinstance(state, RunState) else ()
        await require_provider(app, state.subject.definition, chain, state.created.space)
        return
    for definition in state.subject.agents.values():
        chain = await app.ports.names.chain(definition)
        await require_provider(app, definition, chain, state.created.space)


async def cancel_run(app: App, who: Principal, run_id: str, *, reason: str = "") -> Ended:
    """End a run of this or another process, or one whose process died, and wait until it has ended.

    Raises:
        UnknownThing: no such run.
    """
    await require_run(app, who, "run.cancel", run_id)
    now = app.ports.clock.now()
    signal = Signal(
        run_id=run_id, key="cancel", kind="cancel", actor=who.actor, at=now, note=reason
    )
    await app.ports.store.signal(signal)
    while True:
        state = fold_any(await load(app.ports.store, run_id))
        if state.terminal is not None:
            return standing(state)
        try:
            return await drive_noted(app, run_id)
        except RunBusy:
            await app.ports.clock.sleep(0.05)

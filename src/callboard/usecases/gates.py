"""Find the gates where runs wait."""

from callboard.domain.errors import UnknownThing
from callboard.domain.org.principal import Principal
from callboard.domain.run_row import RunRow
from callboard.ports.event_store import RunsWanted
from callboard.runtime.reading import load
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App, require_run, seen_spaces
from callboard.usecases.open_gates import OpenGate


async def list_gates(app: App, who: Principal) -> list[OpenGate]:
    """Return open gates, those of the newest runs first."""
    return await gates_in(app, seen_spaces(who, "run.read"))


async def gates_in(app: App, spaces: tuple[str, ...] | None) -> list[OpenGate]:
    """Return the open gates of these spaces (None: of all), those of the newest runs first."""
    wanted = RunsWanted(root_only=False, statuses=("waiting",), spaces=spaces, limit=500)
    rows = await app.ports.store.rows(wanted)
    found = [await _known_gate(app, row) for row in rows]
    return [gate for gate in found if gate is not None]


async def _known_gate(app: App, row: RunRow) -> OpenGate | None:
    if not app.remembered.knows(row):
        app.remembered.keep(row, await gate_of(app, row))
    return app.remembered.gate(row)


async def gate_of(app: App, row: RunRow) -> OpenGate | None:
    """Return the gate at which a run itself waits."""
    state = fold_any(await load(app.ports.store, row.run_id))
    return OpenGate(row, state.gate, state.approvals) if state.gate is not None else None


async def open_gate(app: App, who: Principal, run_id: str) -> OpenGate:
    """Return the gate at which a run, or a run below it, waits.

    Raises:
        UnknownThing: no such run, or it waits for nobody.
    """
    row = await require_run(app, who, "run.read", run_id)
    gate = await gate_of(app, row)
    if gate is not None:
        return gate
    for below in await list_gates(app, who):
        same_tree = below.row.root_id == row.root_id
        if same_tree and below.row.run_id.startswith(f"{run_id}."):
            return below
    raise UnknownThing(f"run {run_id} waits for no decision (see `callboard inbox list`)")

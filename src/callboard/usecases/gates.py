"""Find the gates where runs wait, and decide."""

from dataclasses import dataclass

from pydantic import JsonValue

from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.gate import GateDecided, GateOpened, Verdict
from callboard.domain.run.fold import AGENT
from callboard.domain.run_row import RunRow
from callboard.domain.task_run.fold import TASK
from callboard.runtime.children import Ended
from callboard.runtime.run_log import load, take_over
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App, require
from callboard.usecases.runs import existing_row, require_models


@dataclass(frozen=True, slots=True)
class OpenGate:
    """A gate that waits for a decision, with the run that opened it."""

    row: RunRow
    gate: GateOpened


async def list_gates(app: App, actor: Actor) -> list[OpenGate]:
    """Return open gates, those of the newest runs first."""
    require(actor, "run.read")
    rows = await app.ports.store.rows(root_only=False, statuses=("waiting",), limit=500)
    found = [await _gate_of(app, row) for row in rows]
    return [gate for gate in found if gate is not None]


async def _gate_of(app: App, row: RunRow) -> OpenGate | None:
    state = fold_any(await load(app.ports.store, row.run_id))
    return OpenGate(row, state.gate) if state.gate is not None else None


async def open_gate(app: App, actor: Actor, run_id: str) -> OpenGate:
    """Return the gate at which a run, or a run below it, waits.

    Raises:
        UnknownThing: no such run, or it waits for nobody.
    """
    require(actor, "run.read")
    row = await existing_row(app, run_id)
    gate = await _gate_of(app, row)
    if gate is not None:
        return gate
    for below in await list_gates(app, actor):
        same_tree = below.row.root_id == row.root_id
        if same_tree and below.row.run_id.startswith(f"{run_id}."):
            return below
    raise UnknownThing(f"run {run_id} waits for no decision (see `callboard inbox list`)")


async def decide_gate(
    app: App,
    actor: Actor,
    run_id: str,
    verdict: Verdict,
    *,
    note: str = "",
    answer: JsonValue = None,
    digest: str,
) -> Ended:
    """Record a decision and drive the whole tree on.

    `digest` is that of the gate as it was shown: a decision on anything else is refused. `answer` is for
    gates that ask a question: a text, or an object with `answers`.

    Raises:
        NotAllowed: the actor is not a person.
        UnknownThing: the run waits for nobody (any more).
        ConfigurationInvalid: what waits now is not what was shown, or a model that the run needs to go
            on cannot be reached.
    """
    require(actor, "gate.decide")
    found = await open_gate(app, actor, run_id)
    if found.gate.digest != digest:
        raise ConfigurationInvalid("the gate changed since it was shown; look at it again")
    if verdict == "answer" and found.gate.reason != "input_required":
        raise ConfigurationInvalid("this gate asks for approve or reject, not for an answer")
    await require_models(app, await load(app.ports.store, found.row.root_id), decided=True)
    folding = TASK if found.row.kind == "workflow" else AGENT
    log = await take_over(app.ports, found.row.run_id, folding)  # pyright: ignore[reportArgumentType]
    try:
        gate = log.state.gate
        if gate is None or gate.digest != digest:
            raise UnknownThing(f"run {found.row.run_id} was decided about meanwhile")
        log.append(
            GateDecided(
                gate_id=gate.gate_id, verdict=verdict, actor=actor, note=note, answer=answer
            )
        )
        await log.durable()
    finally:
        await log.release()
    return await app.driver.drive(found.row.root_id)

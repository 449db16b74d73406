"""Gates: where runs wait for a person."""

from typing import cast

from fastapi import APIRouter, Request
from pydantic import BaseModel

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import DecisionAsked, GateView, RunView
from callboard.entrance.asking import TheApp, Who
from callboard.entrance.running import Running
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import list_gates, open_gate
from callboard.usecases.preview import preview_of
from callboard.usecases.runs import find_run

router = APIRouter(route_class=OnceRoute, tags=["gates"])


class ShownGate(GateView):
    """A gate with the change that is to be decided about, where there is one."""

    preview: str


class Decided(BaseModel):
    """A decision that is recorded. `closed`: it was enough, and the run goes on."""

    closed: bool
    run: RunView


@router.get("/gates")
async def list_open(app: TheApp, who: Who, wanted: Wanted) -> Page[GateView]:
    """List the gates that wait, by the age of their runs."""
    found = await list_gates(app, who)
    found.sort(key=lambda one: (one.row.created_at, one.row.run_id))
    cut, cursor = wanted.of_all(found, lambda one: (one.row.created_at.isoformat(), one.row.run_id))
    return Page(items=[GateView.of(one) for one in cut], next_cursor=cursor)


@router.get("/gates/{run_id}")
async def show(app: TheApp, who: Who, run_id: str) -> ShownGate:
    """Show the gate at which a run, or one below it, waits."""
    found = await open_gate(app, who, run_id)
    view = GateView.of(found)
    return ShownGate(**view.model_dump(), preview=await preview_of(app, who, found))


@router.post("/gates/{run_id}/decision", status_code=202)
async def decide(
    app: TheApp, who: Who, request: Request, run_id: str, body: DecisionAsked
) -> Decided:
    """Decide. The run goes on while this answers."""
    decision = Decision(body.verdict, body.note, body.answer, body.arguments)
    recorded = await record_decision(app, who, run_id, decision, digest=body.digest)
    if recorded.closed:
        running = cast("Running", request.app.state.running)
        await running.decided(recorded.found.row)
    return Decided(closed=recorded.closed, run=RunView.of(await find_run(app, who, run_id)))

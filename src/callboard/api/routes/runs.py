"""Runs: started, followed, continued, ended."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, JsonValue

from callboard.api.cursors import Page, Wanted
from callboard.api.once import OnceRoute
from callboard.api.shapes import Asked, RunView, Short, Text
from callboard.api.streaming import Pace, event_json, follow
from callboard.domain.definition.agent import Limits
from callboard.domain.errors import NotSignedIn, UnknownThing
from callboard.domain.run_row import RunStatus
from callboard.entrance.asking import Asker, Streams, TheApp, TheAsker, Who, find_asker
from callboard.entrance.door import cookies
from callboard.entrance.names import RunId
from callboard.entrance.problems import RequestRefused, TooManyStreams
from callboard.entrance.running import Running
from callboard.ports.event_store import RunsWanted
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.diff import diff_of
from callboard.usecases.fork_run import ForkRun, fork_run
from callboard.usecases.run_events import events_after
from callboard.usecases.run_places import place_for_run
from callboard.usecases.runs import TERMINAL, cancel_run, find_run, list_runs
from callboard.usecases.start_run import StartRun
from callboard.usecases.steer_run import steer_run
from callboard.usecases.verify_run import verify_run

router = APIRouter(route_class=OnceRoute, tags=["runs"])
Seq = Annotated[int, Field(ge=0, le=2**53)]


class RunAsked(Asked):
    """Which agent is to run, on what. It works in a copy of its space's repository; those who may start runs
    anywhere can name a directory of the server instead.
    """

    agent: Short
    prompt: Text | None = None
    params: dict[str, JsonValue] | None = None
    space: Annotated[str, Field(max_length=64)] = ""
    workspace: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    run_id: RunId | None = None
    previous: RunId | None = None
    max_turns: Annotated[int, Field(ge=1, le=100_000)] | None = None
    budget_usd: Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=9)] | None = None
    on_limit: Literal["fail", "wait"] = "wait"


class SteerAsked(Asked):
    """What is to be said to the agent."""

    text: Annotated[str, Field(min_length=1, max_length=100_000)]


class CancelAsked(Asked):
    """Why a run is ended."""

    reason: Short = ""


class ForkAsked(Asked):
    """Where a new run branches off, and what is different about it."""

    at: Annotated[int, Field(ge=1, le=2**53)]
    run_id: RunId | None = None
    model: Short | None = None
    prompt: Text | None = None


class EventPage(BaseModel):
    """Events of one run. The next page begins `after` the last one's `seq`."""

    items: list[dict[str, Any]]
    next_after: int | None


class DiffView(BaseModel):
    """What a run changed so far, as a unified diff."""

    diff: str


class Verified(BaseModel):
    """What a check of the log found."""

    run_id: str
    ok: bool
    runs: int
    events: int
    head: str
    problems: list[str]


def _running(request: Request) -> Running:
    return cast("Running", request.app.state.running)


@router.get("/runs")
async def list_seen(
    app: TheApp,
    who: Who,
    wanted: Wanted,
    *,
    status: Annotated[list[RunStatus] | None, Query()] = None,
    space: Annotated[str | None, Query(max_length=4000)] = None,
    task: Annotated[str | None, Query(max_length=100)] = None,
    below: Annotated[bool, Query(description="With the runs that other runs started.")] = False,
) -> Page[RunView]:
    """List runs, the newest first."""
    before = None
    if wanted.after is not None:
        before = (datetime.fromisoformat(wanted.after[0]), wanted.after[1])
    found = await list_runs(
        app,
        who,
        RunsWanted(
            root_only=not below,
            statuses=tuple(status or ()),
            spaces=None if space is None else (space,),
            task=task,
            before=before,
            limit=wanted.limit + 1,
        ),
    )
    cut, cursor = wanted.page(found, lambda one: (one.created_at.isoformat(), one.run_id))
    return Page(items=[RunView.of(one) for one in cut], next_cursor=cursor)


@router.post("/runs", status_code=202)
async def start(app: TheApp, who: Who, request: Request, body: RunAsked) -> RunView:
    """Start an agent. It runs on while this answers."""
    run_id = body.run_id or app.ids.run_id()
    place = await place_for_run(
        app, who, run_id, body.agent, space=body.space, workspace=body.workspace
    )
    wish = StartRun(
        run_id=run_id,
        agent=body.agent,
        workspace=place,
        prompt=body.prompt,
        params=body.params,
        previous=body.previous,
        limits=Limits(turns=body.max_turns, cost_usd=body.budget_usd),
        on_limit=body.on_limit,
        space=body.space,
    )
    if body.previous is not None:
        await find_run(app, who, body.previous)
    await _running(request).start(who, wish)
    return RunView.of(await find_run(app, who, run_id))


@router.get("/runs/{run_id}")
async def show(app: TheApp, who: Who, run_id: str) -> RunView:
    """Show how a run stands."""
    return RunView.of(await find_run(app, who, run_id))


@router.get(
    "/runs/{run_id}/events",
    response_model=EventPage,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        204: {"description": "The run has ended and everything was seen."},
    },
)
async def events(
    app: TheApp,
    who: Who,
    asker: TheAsker,
    request: Request,
    run_id: str,
    *,
    after: Annotated[Seq, Query(description="Behind this `seq`.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    last_event_id: Annotated[str | None, Header(max_length=30)] = None,
) -> Any:
    """Return a run's own events; as a stream that goes on while it does, for `Accept: text/event-stream`."""
    if "text/event-stream" in request.headers.get("accept", ""):
        return await _stream(app, asker, request, run_id, _resumed(last_event_id, after))
    found = await events_after(app, who, run_id, after)
    cut = [json.loads(event_json(one)) for one in found[:limit]]
    return EventPage(items=cut, next_after=cut[-1]["seq"] if len(found) > limit else None)


def _resumed(last_event_id: str | None, after: int) -> int:
    if last_event_id is None or not last_event_id.strip():
        return after
    if not (last_event_id.isascii() and last_event_id.isdigit()) or len(last_event_id) > 15:
        raise RequestRefused("Last-Event-ID is the `id` of an event of this stream")
    return int(last_event_id)


async def _stream(app: App, asker: Asker, request: Request, run_id: str, after: int) -> Response:
    row = await find_run(app, asker.who, run_id)
    if row.status in TERMINAL and not await events_after(app, asker.who, run_id, after):
        return Response(status_code=204)
    streams = cast("Streams", request.app.state.streams)
    if streams.of.get(asker.account, 0) >= streams.most:
        raise TooManyStreams(f"at most {streams.most} runs can be followed at a time")
    stopping = cast("asyncio.Event", request.app.state.stopping)
    pace = cast("Pace", request.app.state.pace)

    async def still_in() -> bool:
        return await _may_still(app, request, run_id)

    async def counted() -> AsyncGenerator[bytes]:
        streams.of[asker.account] = streams.of.get(asker.account, 0) + 1
        try:
            async for part in follow(
                app, asker.who, run_id, after, still_in=still_in, stopping=stopping, pace=pace
            ):
                yield part
        finally:
            streams.of[asker.account] -= 1

    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(counted(), 200, headers, "text/event-stream")


async def _may_still(app: App, request: Request, run_id: str) -> bool:
    """Return whether whoever follows a run would be let in now: tokens are revoked, and rights change."""
    try:
        asker = await find_asker(
            app, request.app.state.site, request.headers, cookies(request.headers), request.client
        )
        await find_run(app, asker.who, run_id)
    except (NotSignedIn, UnknownThing, NotAllowed):
        return False
    return True


@router.post("/runs/{run_id}/cancel")
async def cancel(app: TheApp, who: Who, run_id: str, body: CancelAsked) -> RunView:
    """End a run, and answer when it has ended."""
    await cancel_run(app, who, run_id, reason=body.reason)
    return RunView.of(await find_run(app, who, run_id))


@router.post("/runs/{run_id}/steer", status_code=202)
async def steer(app: TheApp, who: Who, run_id: str, body: SteerAsked) -> RunView:
    """Say something to the agent, before its next answer."""
    await steer_run(app, who, run_id, body.text)
    return RunView.of(await find_run(app, who, run_id))


@router.post("/runs/{run_id}/resume", status_code=202)
async def resume(app: TheApp, who: Who, request: Request, run_id: str) -> RunView:
    """Continue a run that nobody drives, as it was begun, or say why that cannot be. One that has ended is left alone."""
    await _running(request).resume(who, run_id)
    return RunView.of(await find_run(app, who, run_id))


@router.post("/runs/{run_id}/fork", status_code=201)
async def fork(app: TheApp, who: Who, run_id: str, body: ForkAsked) -> RunView:
    """Create a new run from the first events of this one. `resume` drives it."""
    name = body.run_id or app.ids.run_id()
    await fork_run(app, who, ForkRun(run_id, body.at, name, body.model, body.prompt))
    return RunView.of(await find_run(app, who, name))


@router.get("/runs/{run_id}/diff")
async def diff(app: TheApp, who: Who, run_id: str) -> DiffView:
    """Return what a run changed so far."""
    return DiffView(diff=await diff_of(app, who, run_id))


@router.get("/runs/{run_id}/verify")
async def verify(app: TheApp, who: Who, run_id: str) -> Verified:
    """Check that nothing in the log of a run, or of those below it, was altered."""
    found = await verify_run(app, who, run_id)
    return Verified(
        run_id=run_id,
        ok=not found.problems,
        runs=found.runs,
        events=found.events,
        head=found.head_hash,
        problems=list(found.problems),
    )

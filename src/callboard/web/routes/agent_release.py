"""Releasing a version: what it changes and touches, past work done again, then live or on trial."""

from functools import partial

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import Response

from callboard.definitions.pydantic_errors import explain
from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.domain.org.roster import Bound
from callboard.engine.replays import Replay, Replayed
from callboard.usecases.app import NotAllowed
from callboard.usecases.at_work import agent_at_work
from callboard.usecases.blast_radius import blast_radius
from callboard.usecases.releasing import Release, Released, release_version
from callboard.usecases.roster_moves import Move, Moved, TrialWish, promote_agent, try_version
from callboard.usecases.roster_reading import roster_versions
from callboard.web.agent_pages import ReleasePage, ReplayRow, head_of
from callboard.web.comparing import by_number, what_changed
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Fields
from callboard.web.render.words import usd
from callboard.web.routes.agent import numbers
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)
_MOST_REPLAYS = 20


@router.get("/agents/{agent_id}/release")
async def release(at: At, agent_id: str) -> Response:
    """Show what releasing a version would change and touch."""
    asked = at.query("version")
    return await at.show(await _page(at, agent_id, int(asked) if asked.isdecimal() else 0))


@router.post("/agents/{agent_id}/release")
async def released(at: At, agent_id: str) -> Response:
    """Make a version live, or let it try."""
    fields = at.fields
    asked = fields.text("version")
    number = int(asked) if asked.isdecimal() and len(asked) < 7 else 0
    try:
        done = await release_version(at.app, at.who, agent_id, _wish(at, agent_id, number, fields))
    except CallboardError as error:
        if isinstance(error, NotAllowed):
            raise
        return await at.show(await _page(at, agent_id, number, wrong=said_of(error)), 422)
    if done.refused:
        return await at.show(await _page(at, agent_id, number, done), 422)
    said = (
        f"Version {number} is live."
        if fields.text("how") != "try"
        else f"Version {number} is on trial."
    )
    told = f" {done.replay}." if done.replay is not None else ""
    return at.go(f"/agents/{agent_id}/versions", said + told[:1] + told[1:2].upper() + told[2:])


def _wish(at: Visit, agent_id: str, number: int, fields: Fields) -> Release:
    """Return how a version is to be released.

    Raises:
        ConfigurationInvalid: a number does not fit.
    """
    replays = fields.text("replays", "0")
    if not replays.isdecimal() or int(replays) > _MOST_REPLAYS:
        raise ConfigurationInvalid(f"past tasks to do again: 0 to {_MOST_REPLAYS}")
    revision = fields.text("revision")
    move = Move(fields.text("note"), int(revision) if revision.isdecimal() else None)
    if fields.text("how") == "try":
        trial = TrialWish(_share(fields.text("share", "10")), number, _bound(fields))
        make = partial(_tried, at, agent_id, trial)
    else:
        make = partial(promote_agent, at.app, at.who, agent_id, number)
    return Release(make, move, number, int(replays), fields.is_on("force"))


async def _tried(at: Visit, agent_id: str, wish: TrialWish, move: Move) -> Moved:
    return await try_version(at.app, at.who, agent_id, wish, move)


def _share(text: str) -> float:
    return _percent(text, "its share of the tasks")


def _percent(text: str, what: str) -> float:
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise ConfigurationInvalid(f"{what}: a number from 1 to 100, in percent")
    return share


def _bound(fields: Fields) -> Bound:
    try:
        return Bound(
            attempts=int(fields.text("attempts", "10"))
            if fields.text("attempts", "10").isdecimal()
            else 0,
            below_live=_percent(fields.text("below_live", "10"), "how much worse it may be"),
        )
    except ValidationError as error:
        said = "; ".join(explain(one) for one in error.errors(include_url=False))
        raise ConfigurationInvalid(f"the bound of the trial: {said}") from None


async def _page(
    at: Visit, agent_id: str, number: int, done: Released | None = None, wrong: str = ""
) -> ReleasePage:
    head = head_of(await agent_at_work(at.app, at.who, agent_id), at.who)
    versions = await roster_versions(at.app, at.who, agent_id)
    chosen = number if any(one.number == number for one in versions) else head.agent.latest
    seen = await numbers(at, agent_id, days=90)
    lines = by_number(seen.lines if seen else (), versions)
    before = head.agent.live or max(
        (one.number for one in versions if one.number < chosen), default=chosen
    )
    return ReleasePage(
        head,
        chosen,
        what_changed(versions, before, chosen, lines),
        await blast_radius(at.app, at.who, agent_id),
        _rows(done.replay) if done is not None and done.replay is not None else (),
        done.refused if done is not None else "",
        wrong,
    )


def _rows(replay: Replay) -> list[ReplayRow]:
    return [_row(one) for one in replay.cases]


def _row(one: Replayed) -> ReplayRow:
    words = {True: "passed", False: "did not pass"}
    return ReplayRow(
        one.past.task or one.past.run_id,
        one.run_id,
        words[one.passed_before],
        words[one.passed],
        f"{usd(one.past.cost_usd)} → {usd(one.cost_usd)}",
        one.reason,
    )

"""Runs: their list, the transcript of one, and what can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.domain.run_row import RunRow, RunStatus
from callboard.entrance.names import RunId
from callboard.ports.event_store import RunsWanted
from callboard.usecases.diff import diff_of
from callboard.usecases.fork_run import ForkRun, fork_run
from callboard.usecases.runs import TERMINAL, cancel_run, find_run, list_runs, runs_to_resume
from callboard.usecases.steer_run import steer_run
from callboard.web.decision_form import decided
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.live.runs import runs_position
from callboard.web.page import Page
from callboard.web.render import words
from callboard.web.render.changes import files_of
from callboard.web.render.diff import diff
from callboard.web.thread_page import PARTS, STATES, STOPPED
from callboard.web.thread_rows import Ways
from callboard.web.thread_visit import thread_page
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)
_STATUSES: Final[tuple[RunStatus, ...]] = (
    "running",
    "waiting",
    "completed",
    "failed",
    "cancelled",
)
_AT_A_TIME: Final = 50


@dataclass(frozen=True, slots=True)
class RunsPage(Page):
    """The runs of what somebody sees, the newest first. `seq` is up to where it tells what happened; of `stopped` ones it
    knows that nobody drives them.
    """

    template = "runs.html"
    section = "runs"
    runs: Sequence[RunRow]
    status: RunStatus | None
    below: bool
    next_href: str
    seq: int
    stopped: frozenset[str]

    @property
    def title(self) -> str:
        """The heading."""
        return "Runs"

    @property
    def filters(self) -> list[tuple[str, str, str]]:
        """The states as links."""
        found = [(_href(below=self.below), "All", "")]
        found += [(_href(one, below=self.below), _word(one), "") for one in _STATUSES]
        return found

    @property
    def other_depth(self) -> str:
        """Where the same list is with the runs below others, or without them."""
        return _href(self.status, below=not self.below)

    @property
    def filter_name(self) -> str:
        """The state in use."""
        return _word(self.status) if self.status else "All"

    def state(self, run: RunRow) -> tuple[str, str]:
        """Return a run's state word's class and the word."""
        if run.run_id in self.stopped:
            return STOPPED
        kind = "waiting" if run.status == "waiting" else STATES[run.status][0]
        return kind, _word(run.status)

    def cost(self, run: RunRow) -> str:
        """Return what a run cost."""
        return Ways.bill(run.bill)

    def took(self, run: RunRow) -> str:
        """Return how long a run took; empty while it goes on."""
        return (
            ""
            if run.ended_at is None
            else words.span((run.ended_at - run.created_at).total_seconds())
        )


def _href(status: RunStatus | None = None, *, below: bool = False, **place: str) -> str:
    query = {"status": status or "", "below": "1" if below else ""} | place
    found = urlencode({name: value for name, value in query.items() if value})
    return f"/runs?{found}" if found else "/runs"


def _word(status: RunStatus) -> str:
    return "Waiting" if status == "waiting" else STATES[status][1]


@dataclass(frozen=True, slots=True)
class DiffPage(Page):
    """Everything that a run changed."""

    template = "diff.html"
    section = "runs"
    run: RunRow
    body: Markup

    @property
    def title(self) -> str:
        """The heading."""
        return f"What {self.run.title} changed"


@router.get("/runs")
async def runs(at: At) -> Response:
    """List runs; for a page that keeps itself fresh, the rows alone."""
    asked = at.query("status")
    status: RunStatus | None = next((one for one in _STATUSES if one == asked), None)
    below = at.query("below") == "1"
    space = await at.space()
    wanted = RunsWanted(
        root_only=not below,
        statuses=(status,) if status else (),
        spaces=(space,) if space else None,
        before=_before(at),
        limit=_AT_A_TIME + 1,
    )
    seq = await runs_position(at.app)
    found = await list_runs(at.app, at.who, wanted)
    following = ""
    if len(found) > _AT_A_TIME:
        last = found[_AT_A_TIME - 1]
        place = {"since": last.created_at.isoformat(), "id": last.run_id}
        following = _href(status, below=below, **place)
    rows = found[:_AT_A_TIME]
    stopped = await runs_to_resume(at.app, rows)
    page = RunsPage(rows, status, below, following, seq, stopped)
    if at.query("part") == "rows":
        return await at.part("run_rows.html", page)
    return await at.show(page)


def _before(at: Visit) -> tuple[datetime, str] | None:
    try:
        moment = datetime.fromisoformat(at.query("since"))
    except ValueError:
        return None
    return (moment, at.query("id")) if moment.tzinfo is not None else None


@router.get("/runs/{run_id}")
async def run(at: At, run_id: RunId) -> Response:
    """Show a run's thread, or the rows of a window of it for a script."""
    page = await thread_page(at, run_id, f"/runs/{run_id}")
    if at.query("part") in PARTS:
        return await at.part(PARTS[at.query("part")], page)
    return await at.show(page)


@router.get("/runs/{run_id}/diff")
async def whole_diff(at: At, run_id: RunId) -> Response:
    """Show everything that a run changed."""
    row = await find_run(at.app, at.who, run_id)
    text = await diff_of(at.app, at.who, run_id)
    return await at.show(DiffPage(row, diff(files_of(text), limit=20_000)))


@router.post("/runs/{run_id}/cancel")
async def cancel(at: At, run_id: RunId) -> Response:
    """End a run."""
    await cancel_run(at.app, at.who, run_id, reason=at.fields.text("reason")[:2000])
    return at.go(f"/runs/{run_id}", "The run is cancelled.")


@router.post("/runs/{run_id}/resume")
async def resume(at: At, run_id: RunId) -> Response:
    """Let a run go on that has stopped."""
    try:
        await at.running.resume(at.who, run_id)
    except CallboardError as error:
        return await at.show(
            await thread_page(at, run_id, f"/runs/{run_id}", wrong=said_of(error)), 422
        )
    return at.go(f"/runs/{run_id}", "The run goes on.")


@router.post("/runs/{run_id}/fork")
async def fork(at: At, run_id: RunId) -> Response:
    """Begin a new run with the first events of this one, and let it go on."""
    row = await find_run(at.app, at.who, run_id)
    number = at.fields.text("step") or at.fields.text("at")
    try:
        where = await _event_number(at, run_id, number)
        new_id = at.app.ids.run_id()
        wish = ForkRun(run_id, where, new_id, at.fields.some("model"), at.fields.some("prompt"))
        await fork_run(at.app, at.who, wish)
    except CallboardError as error:
        said, typed = said_of(error), at.fields.kept("step", "at", "model", "prompt")
        page = await thread_page(at, run_id, f"/runs/{row.run_id}", wrong_fork=said, typed=typed)
        return await at.show(page, 422)
    await at.running.resume(at.who, new_id)
    return at.go(f"/runs/{new_id}", f"Forked from {run_id} after event {where}.")


async def _event_number(at: Visit, run_id: str, text: str) -> int:
    if text:
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise ConfigurationInvalid(f"{text!r} is no number of an event")
        return int(text)
    head = await at.app.ports.store.head(run_id)
    row = await find_run(at.app, at.who, run_id)
    return head.seq - 1 if row.status in TERMINAL and head.seq > 1 else head.seq


@router.post("/runs/{run_id}/say")
async def say(at: At, run_id: RunId) -> Response:
    """Say something to the agent."""
    text = at.fields.text("text")
    try:
        await steer_run(at.app, at.who, run_id, text)
    except CallboardError as error:
        page = await thread_page(
            at, run_id, f"/runs/{run_id}", wrong=said_of(error), typed=at.fields.kept("text")
        )
        return await at.show(page, 422)
    return at.go(f"/runs/{run_id}", "Said. The agent reads it before its next answer.")


@router.post("/runs/{run_id}/decide")
async def decide(at: At, run_id: RunId) -> Response:
    """Decide what the run waits for."""
    wrong = await decided(at, run_id)
    if wrong:
        page = await thread_page(
            at, run_id, f"/runs/{run_id}", wrong=wrong, typed=at.fields.kept("note", "limit")
        )
        return await at.show(page, 422)
    return at.go(f"/runs/{run_id}", "Your decision is recorded.")

"""Parts of threads, as rows that people read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from callboard.domain.errors import LogCorrupt, UnknownThing
from callboard.domain.events.codec import Recorded, unseal
from callboard.domain.events.run import RunCreated, WorkflowSubject
from callboard.domain.org.principal import Principal
from callboard.domain.run_row import RunRow
from callboard.engine.thread.milestones import Payment, merged, milestones
from callboard.engine.thread.row import Cast, Player, Row
from callboard.engine.thread.telling import Thread
from callboard.ports.threads import Span, Window, WindowWanted
from callboard.runtime.reading import with_payloads
from callboard.usecases.app import App, require_run


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a thread: the `run` that it is of, whoever is in it, and its rows with where they are from."""

    run: RunRow
    cast: Cast
    rows: tuple[Row, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class Course:
    """A thread as a whole: how many events of which facet it has, and what took time or money, in order."""

    counts: Mapping[int, int]
    spans: Sequence[Span]

    @property
    def payments(self) -> list[Payment]:
        """What was paid, when."""
        return [Payment(one.position, one.at, one.nano_usd) for one in self.spans if one.nano_usd]

    def spent_until(self, position: int) -> int:
        """Return what was paid up to an event, in billionths of a dollar."""
        return sum(one.nano_usd for one in self.spans if one.position <= position)


async def thread_part(app: App, who: Principal, wanted: WindowWanted) -> Part:
    """Return the rows of a window of a run's thread. Milestones are among them where nothing is filtered out.

    Raises:
        UnknownThing: no such run, or none that they may see.
    """
    row = await require_run(app, who, "run.read", wanted.run_id)
    window = await app.threads.window(wanted)
    cast = await cast_of(app, row)
    rows = heard(cast, window, row.created_at).rows()
    if unfiltered(wanted):
        rows = merged(rows, await _milestones(app, row, cast, window))
    return Part(row, cast, tuple(rows), window)


async def thread_course(app: App, who: Principal, run_id: str) -> Course:
    """Return what a run's thread looks like from afar.

    Raises:
        UnknownThing: no such run, or none that they may see.
    """
    await require_run(app, who, "run.read", run_id)
    return Course(await app.threads.counts(run_id), await app.threads.spans(run_id))


async def thread_event(app: App, who: Principal, run_id: str, seq: int) -> Recorded:
    """Return one event of a run with its payload.

    Raises:
        UnknownThing: no such run, none that they may see, or no such event.
    """
    await require_run(app, who, "run.read", run_id)
    place = await app.threads.place_of(run_id, seq)
    if place is None:
        raise UnknownThing(f"run {run_id} has no event {seq}")
    window = await app.threads.window(WindowWanted(run_id, around=place, limit=1))
    sealed = [one.sealed for one in window.events]
    found = [one for one in sealed if (one.run_id, one.seq) == (run_id, seq)]
    if not found:  # an event that no row begins with, and that shares none
        found = [one for one in await app.ports.store.read(run_id, after=seq - 1) if one.seq == seq]
    (entry,) = await with_payloads(app.ports.store, [unseal(found[0])])
    return entry


async def cast_of(app: App, row: RunRow) -> Cast:
    """Return who is in the thread of a run, what its steps are called, and its budget."""
    rows = await app.threads.runs(row.run_id)
    created = await _created(app, row.run_id)
    limit = None if created is None else created.limits.cost_usd
    return Cast(players_of(rows), step_titles(created), limit, row.run_id)


def step_titles(created: RunCreated | None) -> dict[str, str]:
    """Return what the steps of a workflow's run are called."""
    if created is None or not isinstance(created.subject, WorkflowSubject):
        return {}
    return {step.id: step.title for step in created.subject.workflow.steps}


def players_of(rows: Sequence[RunRow]) -> dict[str, Player]:
    """Return the players of runs, parents before their children. Agents at a step are no deeper than their task."""
    found: dict[str, Player] = {}
    for row in rows:
        above = found.get(row.parent_id or "")
        depth = 0 if above is None or not above.is_agent else above.depth + 1
        is_agent = (
            row.kind == "agent"
        )  # a task's own step is the one that it is at, not one it serves
        found[row.run_id] = Player(row.title, depth, is_agent, row.step if is_agent else None)
    return found


def heard(cast: Cast, window: Window, at: datetime) -> Thread:
    """Return the thread that a window tells. What cannot be read is told as such, at the time of what came before
    it, or `at`.
    """
    thread = Thread(cast)
    for placed in window.events:
        try:
            recorded = unseal(placed.sealed)
        except LogCorrupt:
            run_id, seq = placed.sealed.run_id, placed.sealed.seq
            thread.misses(placed.position, run_id, seq, at)
        else:
            at = recorded.at
            thread.hear(placed.position, recorded, wanted=placed.wanted)
    return thread


async def _created(app: App, run_id: str) -> RunCreated | None:
    first = await app.threads.window(WindowWanted(run_id, after=0, limit=1))
    for placed in first.events:
        if (placed.sealed.run_id, placed.sealed.seq) == (run_id, 1):
            try:
                event = unseal(placed.sealed).event
            except LogCorrupt:
                return None
            return event if isinstance(event, RunCreated) else None
    return None


async def _milestones(app: App, row: RunRow, cast: Cast, window: Window) -> list[Row]:
    """Return the milestones that were reached in a window."""
    if cast.limit_usd is None:
        return []
    spans = await app.threads.spans(row.run_id)
    payments = [Payment(one.position, one.at, one.nano_usd) for one in spans if one.nano_usd]
    first = window.first if window.older else 0
    last = window.last if window.newer else window.head
    every = milestones(row.run_id, payments, cast.limit_usd)
    return [one for one in every if first <= one.position <= last]


def unfiltered(wanted: WindowWanted) -> bool:
    """Return whether a window leaves nothing out."""
    plain = WindowWanted(wanted.run_id)
    return replace(wanted, before=None, after=None, around=None, limit=plain.limit) == plain

"""The facts of a run beside its thread: what it spent, how long it took, who did which step, what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from callboard.domain.actor import Actor
from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import Recorded, Sealed, unseal
from callboard.domain.events.files import FileChange, FilesChanged
from callboard.domain.events.run import RunCreated, WorkflowSubject
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import StepStarted
from callboard.domain.org.principal import Principal
from callboard.domain.run_row import RunRow
from callboard.domain.task_run.fold import fold_task
from callboard.domain.task_run.state import TaskState
from callboard.domain.thread_mark import CHANGES, FAILURES
from callboard.domain.usage import NANO, Usage, usd
from callboard.ports.threads import WindowWanted
from callboard.runtime.reading import load
from callboard.usecases.app import App, require_run
from callboard.usecases.runs import runs_to_resume
from callboard.usecases.step_facts import StepFact, step_facts
from callboard.usecases.threads import Course, thread_course

_CHANGES = 300
"""How many changes are looked through for the files of a run."""


@dataclass(frozen=True, slots=True)
class Version:
    """What exactly did the work: an agent or a workflow, its version or digest, and the model."""

    name: str
    version: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Beginning:
    """An attempt of a step: `seq` is the event of the task's run before it."""

    seq: int
    title: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it. `spent_usd` is what is known of the cost, `is_partly_unknown` says whether there is more;
    `failures` counts calls and whatever else went wrong. `produced` are lines that say what came of it, `beginnings`
    where a task's run can be forked to do a step anew. `is_stopped`: it would go on, and is
    left to whoever resumes it.
    """

    run: RunRow
    course: Course
    spent_usd: Decimal
    is_partly_unknown: bool
    limit_usd: Decimal | None
    seconds: float
    usage: Usage
    tool_calls: int
    failures: int
    versions: Sequence[Version]
    started_by: Actor | None
    forked_from: str | None
    files: Sequence[FileChange]
    produced: Sequence[str]
    steps: Sequence[StepFact]
    beginnings: Sequence[Beginning]
    runs: Sequence[RunRow]
    is_stopped: bool


async def thread_facts(app: App, who: Principal, run_id: str) -> Facts:
    """Return the facts of a run and of everything below it.

    Raises:
        UnknownThing: no such run, or none that they may see.
    """
    row = await require_run(app, who, "run.read", run_id)
    course = await thread_course(app, who, run_id)
    rows = await app.threads.runs(run_id)
    entries = await _log(app, row) if row.kind == "workflow" else []
    state = fold_task(entries) if entries else None
    created = state.created if state is not None else await _created(app, run_id)
    is_stopped = run_id in await runs_to_resume(app, [row])
    now = max(one.updated_at for one in rows) if is_stopped else app.ports.clock.now()
    files = state.files.changes if state is not None and state.files is not None else ()
    return Facts(
        run=row,
        course=course,
        spent_usd=usd(sum(one.nano_usd for one in course.payments) * NANO),
        is_partly_unknown=any(one.bill.has_unknown for one in rows),
        limit_usd=created.limits.cost_usd if created is not None else None,
        seconds=((row.ended_at or now) - row.created_at).total_seconds(),
        usage=_usage(rows),
        tool_calls=sum(one.tool_calls for one in rows),
        failures=course.counts[FAILURES],
        versions=_versions(created, rows),
        started_by=created.actor if created is not None else None,
        forked_from=created.forked_from if created is not None else None,
        files=files or await _files(app, run_id),
        produced=_produced(state),
        steps=step_facts(state, rows, now) if state is not None else (),
        beginnings=_beginnings(state, entries) if state is not None else (),
        runs=rows,
        is_stopped=is_stopped,
    )


async def _log(app: App, row: RunRow) -> list[Recorded]:
    """Return a task's own log; nothing where it cannot be read, which its thread says."""
    try:
        return await load(app.ports.store, row.run_id)
    except LogCorrupt:
        return []


def _event(sealed: Sealed) -> AnyEvent | None:
    try:
        return unseal(sealed).event
    except LogCorrupt:
        return None


async def _created(app: App, run_id: str) -> RunCreated | None:
    first = await app.threads.window(WindowWanted(run_id, after=0, limit=1))
    events = [_event(one.sealed) for one in first.events if one.sealed.seq == 1]
    return next((event for event in events if isinstance(event, RunCreated)), None)


def _beginnings(state: TaskState, entries: Sequence[Recorded]) -> list[Beginning]:
    titles = {step.id: step.title for step in state.subject.workflow.steps}
    return [
        Beginning(entry.seq - 1, titles.get(event.step, event.step), event.attempt)
        for entry in entries
        if isinstance(event := entry.event, StepStarted)
    ]


def _usage(rows: Sequence[RunRow]) -> Usage:
    """Return the tokens of a tree: an ended run's are part of those of the run above it."""
    total = Usage()
    known = {row.run_id for row in rows}
    for row in rows:
        if row.parent_id not in known or row.ended_at is None:
            total = total + row.usage
    return total


def _versions(created: RunCreated | None, rows: Sequence[RunRow]) -> list[Version]:
    found: dict[tuple[str, str], Version] = {}
    if created is not None and isinstance(created.subject, WorkflowSubject):
        number = created.subject.version
        version = "as in its file" if number is None else f"v{number}"
        found["", ""] = Version(created.subject.workflow.title, version)
    for row in rows:
        if row.kind == "agent":
            digest = (row.digest or "")[:8]
            found[row.subject, digest] = Version(row.title, digest, row.model or "")
    return list(found.values())


async def _files(app: App, run_id: str) -> list[FileChange]:
    """Return the files that agents changed, each with all lines that were added and removed."""
    window = await app.threads.window(WindowWanted(run_id, facet=CHANGES, limit=_CHANGES))
    found: dict[str, FileChange] = {}
    for placed in window.events:
        event = _event(placed.sealed)
        for change in event.changes if isinstance(event, FilesChanged) else ():
            found[change.path] = _summed(found.get(change.path), change)
    return [found[path] for path in sorted(found)]


def _summed(before: FileChange | None, change: FileChange) -> FileChange:
    if before is None or None in (before.added, before.removed, change.added, change.removed):
        return change
    added = (before.added or 0) + (change.added or 0)
    removed = (before.removed or 0) + (change.removed or 0)
    return change.model_copy(update={"added": added, "removed": removed})


def _produced(state: TaskState | None) -> list[str]:
    """Return what came of a task, a line each."""
    if state is None or state.commit is None:
        return []
    commit = state.commit.commit
    said = [] if commit is None else [f"Commit {commit[:12]} on {state.commit.branch}"]
    if state.landed is not None and state.landed.url is not None:
        said.append(state.landed.url)
    return said

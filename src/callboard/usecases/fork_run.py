"""Start a new run from a prefix of another one's log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from callboard.domain.errors import ConfigurationInvalid, LogCorrupt
from callboard.domain.events.child_run import ChildRunEnded, ChildRunStarted
from callboard.domain.events.codec import GENESIS, Blob, Recorded, Sealed, seal, unseal
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.run import RunCreated, RunResumed, Terminal, WorkflowSubject
from callboard.domain.events.tool_call import ToolCallRefused, ToolCallStarted
from callboard.domain.events.union import AnyEvent
from callboard.domain.org.principal import Principal
from callboard.engine.limits import deadline
from callboard.runtime.reading import load_unaltered, project_all
from callboard.runtime.wishes import steering_message
from callboard.usecases.app import App, require_run
from callboard.usecases.archive import Logs
from callboard.usecases.start_run import check_run_id


@dataclass(frozen=True, slots=True)
class ForkRun:
    """Which run to fork, after which event, under which id; with another model, or one more thing said."""

    run_id: str
    at: int
    new_id: str
    model: str | None = None
    prompt: str | None = None


async def fork_run(app: App, who: Principal, wish: ForkRun) -> RunCreated:
    """Create a new run with the first events of another one, which stays as it is. It works in a directory
    of its own, on the files as they were then.

    Child runs that had ended by then count as done; those under way are started anew.

    Raises:
        UnknownThing: no such run.
        NotAllowed: they may not fork it, or not with another model.
        ConfigurationInvalid: `at` is not a position of the log, or what is asked for does not go with a task.
        LogCorrupt: the log is not what was recorded.
    """
    await require_run(app, who, "run.fork", wish.run_id)
    if wish.model is not None:
        # It belongs to the definition: whoever could give the agent another one may.
        await require_run(app, who, "agent.manage", wish.run_id)
    check_run_id(wish.new_id)
    if wish.new_id in {".", ".."}:  # its files lie in a directory of its name
        raise ConfigurationInvalid(
            f"--run-id {wish.new_id}: a fork needs more than dots for a name"
        )
    entries = await load_unaltered(app.ports.store, wish.run_id)
    if not 1 <= wish.at <= len(entries):
        raise ConfigurationInvalid(
            f"--at {wish.at}: the log of {wish.run_id} has events 1 to {len(entries)}"
        )
    prefix = entries[: _whole_answer(entries, wish.at)]
    place = await _files_of_then(app, wish, prefix, entries)
    created = _origin(prefix[0].event, who, wish, place, app.ports.clock.now())
    kept = [prefix[0]._replace(event=created), *_without_open_children(prefix)[1:]]
    if wish.prompt is not None:
        if isinstance(kept[-1].event, Terminal):  # the conversation goes on
            kept.pop()
        kept.append(kept[-1]._replace(event=steering_message(wish.prompt)))
    renumbered = [
        _in_first_epoch(entry)._replace(run_id=wish.new_id, seq=seq)
        for seq, entry in enumerate(kept, start=1)
    ]
    sealed, blobs = _chained(renumbered)
    claim = await app.ports.store.create(sealed, project_all(renumbered), blobs)
    await app.ports.store.release(claim)
    return created


def _origin(
    first: AnyEvent, who: Principal, wish: ForkRun, place: str, now: datetime
) -> RunCreated:
    if not isinstance(first, RunCreated):
        raise LogCorrupt(f"run {wish.run_id}: the log does not begin with run.created")
    changes: dict[str, object] = {
        "forked_from": f"{wish.run_id}@{wish.at}",
        "parent": None,
        "accounts": (),
        "actor": who.actor,
        "workspace": place,
        "deadline_at": deadline(now, first.limits),
    }
    subject = first.subject
    if isinstance(subject, WorkflowSubject):
        if wish.model is not None or wish.prompt is not None:
            raise ConfigurationInvalid("a task is forked as it is; fork one of its agents' runs")
        changes["subject"] = subject.model_copy(
            update={"branch": f"{subject.branch}-{wish.new_id}"}
        )
    elif wish.model is not None:
        changes["subject"] = subject.model_copy(update={"model": wish.model})
    return first.model_copy(update=changes)


async def _files_of_then(
    app: App, wish: ForkRun, prefix: Sequence[Recorded], entries: Sequence[Recorded]
) -> str:
    """Lay the files as they were at the end of the prefix into a new directory; return its path."""
    created = prefix[0].event
    root = created.workspace if isinstance(created, RunCreated) else ""
    tree = await _tree_at(app, prefix) or _tree_before(entries[len(prefix) :])
    if tree is None:  # nothing ever changed a file: they are what they are now
        workspace = await app.ports.workspaces.open(root)
        try:
            tree = (await workspace.snapshots.record(None)).tree
        finally:
            await workspace.close()
    place = f"{app.copies}/{wish.new_id}"
    await app.ports.workspaces.branch(root, tree, place)
    return place


async def _tree_at(app: App, prefix: Sequence[Recorded]) -> str | None:
    """Return the last tree that was recorded, by the run itself or by a child that had ended."""
    for entry in reversed(prefix):
        match entry.event:
            case FilesChanged(tree=tree):
                return tree
            case ChildRunEnded(child_run_id=child):
                logs = Logs(app.ports.store, app.archive)
                entries = [unseal(sealed) for sealed in await logs.read(child)]
                below = await _tree_at(app, entries)
                if below is not None:
                    return below
            case RunCreated(subject=WorkflowSubject(base_tree=tree)):
                return tree
            case _:
                pass
    return None


def _tree_before(later: Sequence[Recorded]) -> str | None:
    """Return the tree that the first later change began with."""
    trees = (entry.event.base_tree for entry in later if isinstance(entry.event, FilesChanged))
    return next(trees, None)


def _whole_answer(entries: list[Recorded], at: int) -> int:
    """Return `at`, or the end of the refusals that belong to the answer there: they are one fact."""
    while at < len(entries) and isinstance(entries[at].event, ToolCallRefused):
        if not isinstance(entries[at - 1].event, ModelCallCompleted | ToolCallRefused):
            break
        at += 1
    return at


def _in_first_epoch(entry: Recorded) -> Recorded:
    """Count epochs anew, as the new run's store does: what was under way then is lost to whoever resumes."""
    if isinstance(entry.event, RunResumed | ToolCallStarted):
        return entry._replace(event=entry.event.model_copy(update={"epoch": 1}))
    return entry


def _without_open_children(prefix: list[Recorded]) -> list[Recorded]:
    """Leave out the beginnings of child runs that had not ended, and of the calls that asked for them:
    the fork makes those calls again, with children of its own.
    """
    ended = {entry.event.child_run_id for entry in prefix if isinstance(entry.event, ChildRunEnded)}
    started = [entry.event for entry in prefix if isinstance(entry.event, ChildRunStarted)]
    reopened = {event.origin for event in started if event.child_run_id not in ended}
    again = {event.child_run_id for event in started if event.origin in reopened}
    return [entry for entry in prefix if not _belongs(entry, reopened, again)]


def _belongs(entry: Recorded, reopened: set[str], again: set[str]) -> bool:
    event = entry.event
    if isinstance(event, ChildRunStarted | ChildRunEnded):
        return event.child_run_id in again
    return isinstance(event, ToolCallStarted) and event.call_id in reopened


def _chained(entries: list[Recorded]) -> tuple[list[Sealed], list[Blob]]:
    chained: list[Sealed] = []
    blobs: list[Blob] = []
    previous = GENESIS
    for entry in entries:
        sealed, blob = seal(entry, previous)
        chained.append(sealed)
        if blob is not None:
            blobs.append(blob)
        previous = sealed.hash
    return chained, blobs

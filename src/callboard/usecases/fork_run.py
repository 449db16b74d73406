"""Start a new run from a prefix of another one's log."""

from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.child_run import ChildRunEnded, ChildRunStarted
from callboard.domain.events.codec import GENESIS, Recorded, Sealed, seal, unseal
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.run import RunCreated, RunResumed
from callboard.domain.events.tool_call import ToolCallRefused, ToolCallStarted
from callboard.engine.limits import deadline
from callboard.runtime.run_log import project_all
from callboard.usecases.app import App, require
from callboard.usecases.runs import existing_row
from callboard.usecases.start_run import check_run_id


async def fork_run(app: App, actor: Actor, run_id: str, *, at: int, new_id: str) -> None:
    """Create `new_id` with the first `at` events of `run_id`, which stays as it is.

    Child runs that had ended by then count as done; those under way are started anew.

    Raises:
        UnknownThing: no such run.
        ConfigurationInvalid: `at` is not a position of the log.
    """
    require(actor, "run.fork")
    check_run_id(new_id)
    await existing_row(app, run_id)
    sealed = await app.ports.store.read(run_id)
    if not 1 <= at <= len(sealed):
        raise ConfigurationInvalid(f"--at {at}: the log of {run_id} has events 1 to {len(sealed)}")
    now = app.ports.clock.now()
    entries = [unseal(entry) for entry in sealed]
    prefix = entries[: _whole_answer(entries, at)]
    kept = _without_open_children(prefix)
    first = kept[0].event
    if isinstance(first, RunCreated):
        origin = first.model_copy(
            update={
                "forked_from": f"{run_id}@{at}",
                "parent": None,
                "actor": actor,
                "deadline_at": deadline(now, first.limits),
            }
        )
        kept[0] = kept[0]._replace(event=origin)
    entries = [
        _in_first_epoch(entry)._replace(run_id=new_id, seq=seq)
        for seq, entry in enumerate(kept, start=1)
    ]
    claim = await app.ports.store.create(_chained(entries), project_all(entries))
    await app.ports.store.release(claim)


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


def _chained(entries: list[Recorded]) -> list[Sealed]:
    chained: list[Sealed] = []
    previous = GENESIS
    for entry in entries:
        sealed, _ = seal(entry, previous)
        chained.append(sealed)
        previous = sealed.hash
    return chained

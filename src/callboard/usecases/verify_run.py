"""Check a log as somebody who trusts nobody would."""

import json
from dataclasses import dataclass

from callboard.domain.errors import CallboardError, UnknownThing
from callboard.domain.events.child_run import ChildRunStarted
from callboard.domain.events.codec import GENESIS, Sealed, blob_of, chain_hash, unseal, with_blob
from callboard.domain.org.principal import Principal
from callboard.runtime.reading import project_all
from callboard.usecases.app import App, require_log
from callboard.usecases.archive import Logs


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a run and of everything below it found. No problems: the logs are as written.

    `head_hash` commits to the whole log of the run: kept elsewhere, it proves later that nobody rewrote
    the log together with everything that refers to it.
    """

    run_id: str
    runs: int
    events: int
    head_hash: str
    problems: tuple[str, ...]


async def verify_run(
    app: App, who: Principal, run_id: str, *, expected_head: str | None = None
) -> Verification:
    """Check hash chains, order, completeness, blobs and projections of a run and its children, and that the
    deployment's log has them as they are and continues what was signed of it.

    Raises:
        UnknownThing: no such run.
    """
    await require_log(app, who, "run.read", run_id)
    await app.ports.store.read(run_id)
    logs = Logs(app.ports.store, app.archive)
    problems: list[str] = []
    runs = events = 0
    head_hash = GENESIS
    waiting = [run_id]
    tree: list[str] = []
    while waiting:
        current = waiting.pop()
        tree.append(current)
        runs += 1
        count, last_hash, children = await _verify_one(app, logs, current, problems)
        events += count
        head_hash = last_hash if current == run_id else head_hash
        waiting += children
    await _verify_shown_order(app, run_id, problems)
    await _verify_anchors(app, logs, frozenset(tree), problems)
    if expected_head is not None and head_hash != expected_head:
        problems.append(f"{run_id}: the log ends in {head_hash}, not in the expected head")
    return Verification(run_id, runs, events, head_hash, tuple(problems))


async def _verify_one(
    app: App, logs: Logs, run_id: str, problems: list[str]
) -> tuple[int, str, list[str]]:
    try:
        sealed = await logs.read(run_id)
    except CallboardError:
        problems.append(f"{run_id}: the whole log is missing")
        return 0, GENESIS, []
    last_hash = _verify_chain(run_id, sealed, problems)
    await _verify_end(app, run_id, (len(sealed), last_hash), problems)
    children = await _verify_content(app, logs, run_id, sealed, problems)
    return len(sealed), last_hash, children


async def _verify_end(app: App, run_id: str, found: tuple[int, str], problems: list[str]) -> None:
    """Check that a log ends where the store says that it does."""
    try:
        head = await app.ports.store.head(run_id)
    except UnknownThing:
        problems.append(f"{run_id}: the run's entry in the listing is missing")
        return
    if (head.seq, head.hash) != found:
        problems.append(
            f"{run_id}: the log should end with event {head.seq}, but {found[0]} events that chain "
            "up were found: something was cut off or added"
        )


async def _verify_shown_order(app: App, run_id: str, problems: list[str]) -> None:
    """Check that listing a whole tree shows each log in its own order."""
    try:
        shown = await app.ports.store.read_tree(run_id)
    except UnknownThing:
        return  # noted already
    last: dict[str, int] = {}
    for entry in shown:
        if entry.seq <= last.get(entry.run_id, 0):
            problems.append(f"{entry.run_id}: event {entry.seq} is stored out of its order")
        last[entry.run_id] = entry.seq


async def _verify_anchors(
    app: App, logs: Logs, run_ids: frozenset[str], problems: list[str]
) -> None:
    """Check what the deployment's log says about these runs, and that nobody put another log in its place."""
    if app.proof is None:
        return
    try:
        seen = await app.proof.look()
    except CallboardError as error:
        problems.append(str(error))
        return
    problems += seen.problems
    hashes: dict[str, dict[int, str]] = {}
    for anchor in seen.anchors:
        if anchor.run_id not in run_ids:
            continue
        if anchor.run_id not in hashes:
            hashes[anchor.run_id] = await _hashes(logs, anchor.run_id)
        if hashes[anchor.run_id].get(anchor.seq) != anchor.hash:
            problems.append(
                f"{anchor.run_id}: event {anchor.seq} is not the one that this deployment's log was given"
            )


async def _hashes(logs: Logs, run_id: str) -> dict[int, str]:
    try:
        return {entry.seq: entry.hash for entry in await logs.read(run_id)}
    except CallboardError:
        return {}


def _verify_chain(run_id: str, sealed: list[Sealed], problems: list[str]) -> str:
    previous = GENESIS
    for position, entry in enumerate(sealed, start=1):
        if chain_hash(previous, entry.body) != entry.hash:
            problems.append(f"{run_id}: event {entry.seq} does not follow from the one before it")
        if (entry.seq, *_place(entry)) != (position, run_id, position):
            problems.append(f"{run_id}: event {position} is missing or out of its place")
        previous = entry.hash
    return previous


def _place(entry: Sealed) -> tuple[object, object]:
    try:
        fields = json.loads(entry.body)
        return fields["run_id"], fields["seq"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, None


async def _verify_content(
    app: App, logs: Logs, run_id: str, sealed: list[Sealed], problems: list[str]
) -> list[str]:
    """Check that events can be read, blobs hold what they should and the projection is theirs."""
    try:
        entries = [unseal(entry) for entry in sealed]
        refs = [ref.sha256 for entry in entries if (ref := blob_of(entry.event)) is not None]
        contents = await logs.blobs(refs) if refs else {}
        for entry in entries:
            ref = blob_of(entry.event)
            if ref is not None:
                with_blob(entry.event, contents.get(ref.sha256, b""))
        if project_all(entries) != await app.ports.store.row(run_id):
            problems.append(f"{run_id}: the listing does not say what the log says")
    except CallboardError as error:
        problems.append(f"{run_id}: {error}")
        return []
    return [
        entry.event.child_run_id for entry in entries if isinstance(entry.event, ChildRunStarted)
    ]

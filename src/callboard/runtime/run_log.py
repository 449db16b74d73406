"""A claimed log and the state that it adds up to, kept in step by one way of appending."""

import asyncio
from collections.abc import Sequence
from typing import Generic, TypeVar

from callboard.domain.attempt_row import AttemptRow
from callboard.domain.errors import CallboardError, LogCorrupt
from callboard.domain.events.codec import (
    GENESIS,
    Blob,
    Recorded,
    Sealed,
    blob_of,
    chain_hash,
    seal,
    unseal,
    with_blob,
)
from callboard.domain.events.gate import GateExpired, GateWithdrawn
from callboard.domain.events.run import PolicyChanged, RunCreated, RunResumed
from callboard.domain.events.union import AnyEvent
from callboard.domain.folding import Folding
from callboard.domain.policy import PolicyLayer
from callboard.domain.run.state import RunState
from callboard.domain.run_row import RunRow
from callboard.domain.task_run.state import TaskState
from callboard.domain.thread_mark import mark_of
from callboard.engine.approvals import has_expired
from callboard.engine.projection import first_row, project
from callboard.engine.tasks.settling import attempt_rows
from callboard.ports.event_store import Batch, Claim, EventStore
from callboard.runtime.ports import Ports

S = TypeVar("S", RunState, TaskState)


class RunLog(Generic[S]):
    """The one writer of a run.

    `append` changes `state` at once; what is appended in one turn of the event loop goes to the store as
    one batch, in order. `durable` waits until everything is safe: what must not happen twice waits first.
    """

    def __init__(
        self, ports: Ports, claim: Claim, state: S, row: RunRow, folding: Folding[S]
    ) -> None:
        self._ports = ports
        self._claim = claim
        self._folding = folding
        self._head = claim.head
        self._hash = claim.head_hash
        self._buffer: list[Recorded] = []
        self._attempts: list[AttemptRow] = []
        self._last: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None
        self.state = state
        self.row = row

    @property
    def epoch(self) -> int:
        """The epoch in which this process drives the run."""
        return self._claim.epoch

    @property
    def claim(self) -> Claim:
        """What this process drives the run by."""
        return self._claim

    def append(self, *events: AnyEvent) -> None:
        """Append events.

        Raises:
            Fenced: an earlier batch was refused; this one would be too.
        """
        self._check()
        if not self._buffer:
            asyncio.get_running_loop().call_soon(self.flush)
        at = max(self._ports.clock.now(), self.state.at)
        position = self._head + len(self._buffer)
        for offset, event in enumerate(events, start=1):
            recorded = Recorded(self.state.run_id, position + offset, at, event)
            self._buffer.append(recorded)
            if isinstance(self.state, TaskState):
                self._attempts += attempt_rows(self.state, event)
            self.state = self._folding.evolve(self.state, recorded)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._last is not None and self._last.done():
            self._last.result()

    def flush(self) -> None:
        """Hand what was appended to the store, so that nothing of another log can overtake it.

        Failures wait for whoever appends or waits next.
        """
        if not self._buffer or self._failure is not None:
            return
        recorded, self._buffer = self._buffer, []
        attempts, self._attempts = self._attempts, []
        expected = self._head
        sealed, blobs = self._seal(recorded)
        self.row = project(self.row, recorded)
        batch = Batch(
            self.state.run_id,
            self._claim.epoch,
            expected,
            tuple(sealed),
            self.row,
            tuple(blobs),
            tuple(attempts),
            tuple(map(mark_of, recorded)),
        )
        try:
            self._last = self._ports.store.append(batch)
        except BaseException as failure:  # noqa: BLE001 - raised where somebody can be told
            self._failure = failure
            return
        self._last.add_done_callback(self._remember)
        self._ports.live.submitted(self._last, recorded, sealed)

    def _remember(self, written: "asyncio.Future[None]") -> None:
        """Keep the first failure: whatever was on its way behind it is only told that it is out of place."""
        failure = None if written.cancelled() else written.exception()
        self._failure = self._failure or failure

    def _seal(self, recorded: Sequence[Recorded]) -> tuple[list[Sealed], list[Blob]]:
        sealed: list[Sealed] = []
        blobs: list[Blob] = []
        for entry in recorded:
            stored, blob = seal(entry, self._hash)
            sealed.append(stored)
            if blob is not None:
                blobs.append(blob)
            self._head, self._hash = stored.seq, stored.hash
        return sealed, blobs

    async def durable(self) -> None:
        """Wait until everything appended so far is safe.

        Raises:
            Fenced: another process drives the run now.
        """
        self.flush()
        self._check()
        if self._last is not None:
            try:
                await asyncio.shield(self._last)
            except CallboardError:
                self._check()
                raise
            self._ports.live.catch_up()

    async def release(self) -> None:
        """Let go of the run, whatever became of it."""
        self.flush()
        await self._ports.store.release(self._claim)


async def create_run(
    ports: Ports, run_id: str, created: RunCreated, folding: Folding[S]
) -> RunLog[S]:
    """Create a run and claim it.

    Raises:
        RunExists: the id is taken.
    """
    recorded = Recorded(run_id, 1, ports.clock.now(), created)
    sealed, _ = seal(recorded, GENESIS)
    row = first_row(recorded, created)
    with ports.live.storing(recorded, sealed):
        claim = await ports.store.create([sealed], row)
    return RunLog(ports, claim, folding.begin(recorded), row, folding)


async def take_over(
    ports: Ports,
    run_id: str,
    folding: Folding[S],
    *,
    files: bool = True,
    above: Claim | None = None,
) -> RunLog[S]:
    """Claim an existing run, fold its log and take its files, if they are needed; the takeover of a run that goes on becomes
    an event. `above` is the claim of the run that drives it, where one does.

    A run that ended, or came to a gate, between somebody's look and this claim is left as it is.

    Raises:
        ConfigurationInvalid: its files cannot be had here.
        UnknownThing: no such run.
        RunBusy: a living process drives it.
        Fenced: another process took over this run, or the one above it.
        LogCorrupt: its log is not what was recorded.
    """
    claim = await ports.store.claim(run_id, above)
    try:
        entries = await load_unaltered(ports.store, run_id)
        row = project_all(entries)
        state = folding.begin(entries[0])
        for entry in entries[1:]:
            state = folding.evolve(state, entry)
        log = RunLog(ports, claim, state, row, folding)
        if files and state.terminal is None:
            await ports.workspaces.take(state.created.workspace, claim)
        if state.terminal is None and state.gate is None:
            log.append(RunResumed(epoch=claim.epoch))
        await _catch_up(ports, log, files=files)
    except BaseException:
        await ports.store.release(claim)
        raise
    return log


async def _catch_up(ports: Ports, log: RunLog[S], *, files: bool) -> None:
    """Record what changed while nobody drove the run: the rules, which are files, and that it is too late to decide."""
    state = log.state
    if state.terminal is not None:
        return
    is_agent_s = isinstance(state, RunState)
    policy = await changed_policy(ports, state) if files and is_agent_s else None
    gate = state.gate
    if policy is not None:
        log.append(PolicyChanged(policy=policy))
    if gate is None:
        return
    if has_expired(gate, ports.clock.now()):
        log.append(GateExpired(gate_id=gate.gate_id))
    elif policy is not None and gate.reason == "approval_required":
        log.append(GateWithdrawn(gate_id=gate.gate_id))


async def is_stale(ports: Ports, state: RunState | TaskState) -> bool:
    """Return whether a run that waits has something to go on with although nobody decided."""
    if state.gate is None:
        return False
    if has_expired(state.gate, ports.clock.now()):
        return True
    if not isinstance(state, RunState):
        return False
    return state.gate.reason == "approval_required" and bool(await changed_policy(ports, state))


async def changed_policy(ports: Ports, state: RunState) -> tuple[PolicyLayer, ...] | None:
    """Return the layers above a run's own rules as they are now, or None where they are as they were.

    Raises:
        ConfigurationInvalid: they cannot be read.
    """
    before = tuple(layer for layer in state.policy.layers if layer.level != "agent")
    kept = [layer for layer in before if layer.level in ("parent", "run")]
    current = (*await ports.policies.layers(state.created.workspace), *kept)
    return None if current == before else current


async def load(store: EventStore, run_id: str) -> list[Recorded]:
    """Return a run's events with their payloads put back.

    Raises:
        UnknownThing: no such run.
        LogCorrupt: an event or a blob cannot be read.
    """
    return await with_payloads(store, [unseal(sealed) for sealed in await store.read(run_id)])


async def load_unaltered(store: EventStore, run_id: str) -> list[Recorded]:
    """Return a run's events as `load` does, to go on from them: each must be what was recorded after the one before it.

    Raises:
        UnknownThing: no such run.
        LogCorrupt: an event was altered, or one is missing before it.
    """
    stored = await store.read(run_id)
    head = GENESIS
    for seq, sealed in enumerate(stored, start=1):
        head = chain_hash(head, sealed.body)
        if (sealed.seq, sealed.hash) != (seq, head):
            raise LogCorrupt(
                f"run {run_id}, event {sealed.seq}: this is not what was recorded, so nothing goes on from it"
                f" (`callboard runs verify {run_id}` says more)"
            )
    return await with_payloads(store, [unseal(sealed) for sealed in stored])


async def with_payloads(store: EventStore, entries: list[Recorded]) -> list[Recorded]:
    """Return events with the payloads that are kept in blobs put back.

    Raises:
        LogCorrupt: a blob is missing or altered.
    """
    refs = [ref.sha256 for entry in entries if (ref := blob_of(entry.event)) is not None]
    if not refs:
        return entries
    contents = await store.blobs(refs)
    return [_with_payload(entry, contents) for entry in entries]


def _with_payload(entry: Recorded, contents: dict[str, bytes]) -> Recorded:
    ref = blob_of(entry.event)
    if ref is None:
        return entry
    content = contents.get(ref.sha256, b"")
    return Recorded(entry.run_id, entry.seq, entry.at, with_blob(entry.event, content))


def project_all(entries: Sequence[Recorded]) -> RunRow:
    """Return the projection of a whole log, rebuilt from zero.

    Raises:
        LogCorrupt: the log does not begin with run.created.
    """
    created = entries[0].event if entries else None
    if not isinstance(created, RunCreated):
        raise LogCorrupt("the log does not begin with run.created")
    return project(first_row(entries[0], created), entries[1:])

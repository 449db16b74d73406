"""A claimed log and the state that it adds up to, kept in step by one way of appending."""

import asyncio
from collections.abc import Sequence
from typing import Generic, TypeVar

from callboard.domain.attempt_row import AttemptRow
from callboard.domain.errors import CallboardError
from callboard.domain.events.codec import (
    GENESIS,
    Blob,
    Recorded,
    Sealed,
    seal,
)
from callboard.domain.events.run import RunCreated
from callboard.domain.events.union import AnyEvent
from callboard.domain.folding import Folding
from callboard.domain.run.state import RunState
from callboard.domain.run_row import RunRow
from callboard.domain.task_run.state import TaskState
from callboard.domain.thread_mark import mark_of
from callboard.engine.projection import first_row, project
from callboard.engine.tasks.settling import attempt_rows
from callboard.ports.event_store import Batch, Claim
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
        # Kept: to be told which loop runs, Python 3.11 asks the system which process this is.
        self._loop = asyncio.get_running_loop()
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
            self._ports.handover.after_turn(self._loop, self.flush)
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
        try:
            self._hand_over()
        except BaseException as failure:  # noqa: BLE001 - raised where somebody can be told
            self._failure = failure

    def _hand_over(self) -> None:
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
        self._watch_last()
        self._last = self._ports.store.append(batch)
        self._ports.live.submitted(self._last, recorded, sealed)

    def _watch_last(self) -> None:
        """See to it that somebody looks how the last batch ends, as nobody waits for it any longer."""
        if self._last is None:
            return
        if self._last.done():
            self._remember(self._last)
        else:
            self._last.add_done_callback(self._remember)

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
        self._watch_last()
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

"""Rules that hold in every store, whatever keeps the bytes."""

from collections.abc import Sequence
from datetime import datetime

from callboard.domain.errors import LogCorrupt, LogError, RunBusy, UnknownThing
from callboard.domain.events.codec import Sealed, unseal
from callboard.domain.thread_mark import Mark, mark_of
from callboard.ports.event_store import Batch, Claim


class HeldClaims:
    """The runs that this process drives: nobody, not even the process itself, drives a run twice at once."""

    def __init__(self) -> None:
        self._epochs: dict[str, list[int]] = {}

    def reserve(self, run_id: str) -> None:
        """Reserve a run that is about to be claimed.

        Raises:
            RunBusy: it is claimed, or about to be.
        """
        epoch: list[int] = []
        # One step under the interpreter's lock, so that two threads cannot both win.
        if self._epochs.setdefault(run_id, epoch) is not epoch:
            raise RunBusy(f"this process drives run {run_id} already")

    def holds(self, run_id: str) -> bool:
        """Return whether this process drives a run, or is about to."""
        return run_id in self._epochs

    def confirm(self, claim: Claim) -> None:
        """The reservation became a claim."""
        self._epochs[claim.run_id] = [claim.epoch]

    def cancel(self, run_id: str) -> None:
        """The reservation did not become a claim."""
        self._epochs.pop(run_id, None)

    def drop(self, claim: Claim) -> None:
        """Forget a claim, unless a later one took its place."""
        if self._epochs.get(claim.run_id) == [claim.epoch]:
            del self._epochs[claim.run_id]


def is_sound(batch: Batch) -> bool:
    """Return whether a batch continues its own run without a gap."""
    run_id = batch.run_id
    for seq, event in enumerate(batch.events, start=batch.expected_head + 1):
        if event.seq != seq or event.run_id != run_id:
            return False
    return bool(batch.events)


def check_batch(batch: Batch) -> None:
    """Do nothing where a batch continues its own run without a gap.

    Raises:
        LogError: it does not; nothing can be appended like this.
    """
    if not is_sound(batch):
        raise LogError(
            f"run {batch.run_id}: a batch after event {batch.expected_head} cannot hold"
            f" {[(event.run_id, event.seq) for event in batch.events]}"
        )


def marks_of(events: Sequence[Sealed], at: datetime) -> tuple[Mark, ...]:
    """Return the marks of stored events. One that cannot be read counts for nothing, at `at`."""
    return tuple(_mark_of(sealed, at) for sealed in events)


def _mark_of(sealed: Sealed, at: datetime) -> Mark:
    try:
        return mark_of(unseal(sealed))
    except LogCorrupt:
        return Mark(at, 0)


def unknown_run(run_id: str) -> UnknownThing:
    """Return the error for a run that is not here."""
    return UnknownThing(f"there is no run {run_id}; `callboard runs list` shows the runs there are")

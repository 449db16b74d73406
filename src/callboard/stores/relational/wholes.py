"""What many runs have to say is stored in a few statements: batches of one run that follow each other count as one."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from callboard.domain.errors import CallboardError, Fenced
from callboard.domain.events.codec import Sealed
from callboard.domain.thread_mark import Mark
from callboard.ports.event_store import Batch
from callboard.stores.rules import check_batch, is_sound, marks_of


@dataclass(slots=True)
class Whole:
    """Batches of one run that follow each other: the log is expected as for the first, and stands then as after the last."""

    first: Batch
    last: Batch

    @property
    def run_id(self) -> str:
        """Whose they are."""
        return self.first.run_id

    @property
    def expects(self) -> tuple[int, int]:
        """The epoch and the end of the log that they go on from."""
        return self.first.epoch, self.first.expected_head

    @property
    def end(self) -> Sealed:
        """The last of its events."""
        return self.last.events[-1]

    def joins(self, batch: Batch) -> bool:
        """Return whether a batch goes on where this ends."""
        return batch.epoch == self.first.epoch and batch.expected_head == self.end.seq


_Placed = tuple[int, Batch]
Keep = Callable[[Sequence[Whole], Sequence[Batch]], Collection[str]]
"""Stores wholes, at most one of each run, where their logs and claims are as they expect: given are also their batches,
in the order of submission. Returns the runs of those that are stored now.
"""


def wholes_of(batches: Sequence[Batch]) -> Sequence[Whole]:
    """Return the wholes of batches, one of each run; none where one of them has to be refused, or stored behind others."""
    if not all(map(is_sound, batches)):
        return ()
    wholes, _, later = _joined(list(enumerate(batches)))
    return () if later else wholes


def append_wholes(batches: Sequence[Batch], keep: Keep) -> list[CallboardError | None]:
    """Store batches by way of `keep`, in order; return for each why it was refused, if it was."""
    refusals: dict[int, CallboardError] = {}
    sound: list[_Placed] = []
    for place, batch in enumerate(batches):
        try:
            check_batch(batch)
        except CallboardError as error:
            refusals[place] = error
        else:
            sound.append((place, batch))
    while sound:
        sound = _round(sound, keep, refusals)
    return [refusals.get(place) for place in range(len(batches))]


def _round(
    batches: list[_Placed], keep: Keep, refusals: dict[int, CallboardError]
) -> list[_Placed]:
    """Store one whole of each run; return the batches that do not go on where their run's whole ends."""
    wholes, taken, later = _joined(batches)
    stored = keep(wholes, [batch for _, batch in taken])
    for place, batch in taken:
        if batch.run_id not in stored:
            refusals[place] = _fenced(batch)
    return later


def _joined(batches: list[_Placed]) -> tuple[list[Whole], list[_Placed], list[_Placed]]:
    """Return one whole of each run, the batches that they are of, and those that do not go on where their run's ends."""
    wholes: dict[str, Whole] = {}
    taken: list[_Placed] = []
    later: list[_Placed] = []
    barred: set[str] = set()
    for place, batch in batches:
        whole = wholes.get(batch.run_id)
        if batch.run_id in barred or (whole is not None and not whole.joins(batch)):
            barred.add(batch.run_id)
            later.append((place, batch))
            continue
        if whole is None:
            wholes[batch.run_id] = Whole(batch, batch)
        else:
            whole.last = batch
        taken.append((place, batch))
    return list(wholes.values()), taken, later


def _fenced(batch: Batch) -> Fenced:
    return Fenced(
        f"run {batch.run_id}: not at event {batch.expected_head} in epoch {batch.epoch} any more"
    )


def marks_beside(batches: Sequence[Batch]) -> list[Mark]:
    """Return the marks of the events of batches, one for each."""
    return [
        mark
        for batch in batches
        for mark in batch.marks or marks_of(batch.events, batch.row.updated_at)
    ]

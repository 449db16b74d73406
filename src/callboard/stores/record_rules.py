"""Rules on records that hold in every store."""

from collections.abc import Sequence

from callboard.domain.errors import RecordConflict
from callboard.domain.record import Write


def conflict(write: Write, *, exists: bool) -> RecordConflict:
    """Return why a write cannot be made: the record is not in the revision that it expects."""
    name = f"{write.kind} {write.key}"
    if not exists:
        return RecordConflict(f"{name} is gone: somebody removed it meanwhile")
    if write.expected == 0:
        return RecordConflict(f"{name} exists already; choose another name")
    return RecordConflict(f"{name} was changed by somebody else meanwhile; look at it again")


def refuse_audited(writes: Sequence[Write]) -> None:
    """Do nothing where the writes may be kept without an entry of the audit log.

    Raises:
        ValueError: one of them may not.
    """
    for write in writes:
        if write.of.audited:
            raise ValueError(f"a {write.kind} changes only with an entry of the audit log")

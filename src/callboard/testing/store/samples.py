"""Small logs to store."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from callboard.domain.actor import Actor
from callboard.domain.events.codec import GENESIS, Blob, Recorded, Sealed, chain_hash, seal
from callboard.domain.events.run import CancellationRequested
from callboard.domain.run_row import RunRow, RunStatus
from callboard.domain.usage import Bill, Usage
from callboard.ports.event_store import Batch, Claim, EventStore, Head, Signal

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
ADA = Actor(kind="person", name="ada")


@dataclass
class SampleLog:
    """A log in the making: every call of `events` continues where the last one ended."""

    run_id: str
    root_id: str = ""
    parent_id: str | None = None
    created_at: datetime = NOON
    space: str = "shop"
    seq: int = 0
    hash: str = GENESIS

    def events(self, count: int = 1) -> tuple[Sealed, ...]:
        """Return the next events."""
        return tuple(self._next() for _ in range(count))

    def row(self, status: RunStatus = "running", *, turns: int = 0) -> RunRow:
        """Return a projection in which every column holds something of its own."""
        return RunRow(
            run_id=self.run_id,
            kind="agent",
            subject="reviewer",
            title="Reviewer",
            status=status,
            root_id=self.root_id or self.run_id,
            parent_id=self.parent_id,
            model="scripted/sample",
            workspace="/work",
            space=self.space,
            task=f"{self.space.upper()}-1",
            digest="d" * 64,
            step="implement",
            turns=turns,
            tool_calls=2,
            usage=Usage(
                input_tokens=3,
                output_tokens=4,
                cache_read_tokens=5,
                cache_write_tokens=6,
                reasoning_tokens=7,
            ),
            bill=Bill(known_usd=Decimal("0.100000001"), has_unknown=True),
            waiting_for="Proceed?" if status == "waiting" else None,
            waiting_on="a maintainer" if status == "waiting" else None,
            waiting_since=NOON if status == "waiting" else None,
            waiting_until=NOON + timedelta(hours=1) if status == "waiting" else None,
            created_at=self.created_at,
            updated_at=NOON + timedelta(seconds=self.seq, microseconds=1),
            ended_at=None if status in {"running", "waiting"} else NOON,
        )

    def batch(
        self,
        epoch: int,
        count: int = 1,
        *,
        status: RunStatus = "running",
        blobs: tuple[Blob, ...] = (),
    ) -> Batch:
        """Return a batch of the next events."""
        head = self.seq
        return Batch(self.run_id, epoch, head, self.events(count), self.row(status), blobs)

    def signal(self, key: str = "k1") -> Signal:
        """Return somebody's wish that the run may end."""
        return Signal(self.run_id, key, "cancel", ADA, NOON, note="enough")

    async def created_in(self, store: EventStore, count: int = 1) -> Claim:
        """Create the run in a store."""
        return await store.create(self.events(count), self.row())

    def _next(self) -> Sealed:
        event = CancellationRequested(actor=ADA, reason=f"{self.run_id} {self.seq + 1}")
        recorded = Recorded(self.run_id, self.seq + 1, NOON, event)
        sealed, _ = seal(recorded, self.hash)
        self.seq, self.hash = sealed.seq, sealed.hash
        return sealed


def broken_at(events: list[Sealed], head: Head) -> int | None:
    """Return the position of the first event that does not verify; None where the whole log does."""
    previous = GENESIS
    for position, event in enumerate(events, start=1):
        if event.seq != position or chain_hash(previous, event.body) != event.hash:
            return position
        previous = event.hash
    return None if (head.seq, head.hash) == (len(events), previous) else len(events) + 1

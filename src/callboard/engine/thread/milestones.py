"""What a thread has cost, said where it reached a quarter, half, … of its budget."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from callboard.domain.usage import NANO, usd
from callboard.engine.thread.row import Player, Row, Spent

PERCENTS: Final = (25, 50, 75, 90, 100)


class Payment(NamedTuple):
    """An event that cost something, in billionths of a dollar."""

    position: int
    at: datetime
    nano_usd: int


def milestones(run_id: str, payments: Iterable[Payment], limit_usd: Decimal | None) -> list[Row]:
    """Return a row for each event that reached a milestone; where it reached several, the furthest is said."""
    if limit_usd is None or limit_usd <= 0:
        return []
    limit, spent, found = int(limit_usd / NANO), 0, list[Row]()
    for payment in payments:
        before, spent = spent, spent + payment.nano_usd
        reached = [one for one in PERCENTS if before * 100 < limit * one <= spent * 100]
        if reached:
            found.append(_row(run_id, payment, reached[-1], usd(spent * NANO), limit_usd))
    return found


def _row(
    run_id: str, payment: Payment, percent: int, spent_usd: Decimal, limit_usd: Decimal
) -> Row:
    place = payment.position
    body = Spent(percent, spent_usd, limit_usd)
    return Row(
        f"c{percent}", place, place, payment.at, run_id, 0, Player("", is_agent=False), 0, body
    )


def merged(rows: Sequence[Row], others: Iterable[Row]) -> list[Row]:
    """Return rows with others among them: behind the row that begins with the same event, or where it would be."""
    marked = [((row.position, 0), row) for row in rows] + [((o.position, 1), o) for o in others]
    return [row for _, row in sorted(marked, key=lambda pair: pair[0])]

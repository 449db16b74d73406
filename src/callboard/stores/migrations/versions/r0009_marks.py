"""Where events stand in the threads of their runs. The marks of old logs are read from their events."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from alembic import op

from callboard.domain.events.codec import Sealed, timestamp
from callboard.stores.rules import marks_of

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


_Stored = tuple[int, str, str, int, object, str, str]


def upgrade() -> None:
    """Add the table of marks and fill it."""
    position = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    table = op.create_table(
        "mark",
        sa.Column("root_id", sa.Text, primary_key=True),
        sa.Column("position", position, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("facets", sa.Integer, nullable=False),
        sa.Column("took_ms", sa.BigInteger, nullable=False),
        sa.Column("nano_usd", sa.BigInteger, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    after = 0
    while stored := op.get_bind().execute(_STORED, {"after": after}).fetchall():
        op.bulk_insert(table, [_marked(record) for record in stored])
        after = stored[-1][0]


_STORED = sa.text(
    "SELECT e.position, r.root_id, e.run_id, e.seq, e.body, e.hash, r.updated_at FROM event e "
    "JOIN run r ON r.run_id = e.run_id WHERE e.position > :after ORDER BY e.position LIMIT 500"
)


def _marked(record: Sequence[object]) -> dict[str, object]:
    position, root_id, run_id, seq, body, digest, updated_at = cast("_Stored", tuple(record))
    content = body if isinstance(body, bytes) else b""  # edited by hand: it cannot be read
    sealed = Sealed(run_id, seq, content, digest)
    (mark,) = marks_of([sealed], datetime.fromisoformat(updated_at))
    return {
        "root_id": root_id,
        "position": position,
        "run_id": run_id,
        "facets": mark.facets,
        "took_ms": mark.took_ms,
        "nano_usd": mark.nano_usd,
        "at": timestamp(mark.at),
    }

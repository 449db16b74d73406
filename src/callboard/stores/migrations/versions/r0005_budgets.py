"""Budgets: accounts with limits, and what calls under way have reserved."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of budgets and reservations."""
    op.create_table(
        "budget",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("limit_nano", sa.BigInteger, nullable=False),
        sa.Column("spent_nano", sa.BigInteger, nullable=False),
        sa.Column("reserved_nano", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "reservation",
        sa.Column("reservation_key", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("amount_nano", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
    )
    op.create_index("reservation_by_account", "reservation", ["account"])

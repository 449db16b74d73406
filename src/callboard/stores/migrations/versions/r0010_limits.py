"""Limits on what goes on at a time and in a minute, and who holds a place."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of caps and of slots."""
    op.create_table(
        "cap",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at_once", sa.Integer),
        sa.Column("per_minute", sa.Integer),
        sa.Column("burst", sa.Integer),
        sa.Column("level_micro", sa.BigInteger, nullable=False),
        sa.Column("filled_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "slot",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
    )
    op.create_index("slot_by_holder", "slot", ["holder"])

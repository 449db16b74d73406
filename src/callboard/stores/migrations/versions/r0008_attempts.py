"""What became of the attempts of steps."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of attempts."""
    op.create_table(
        "attempt",
        sa.Column("run_id", sa.Text, primary_key=True),
        sa.Column("judge", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("judged", sa.Boolean, nullable=False),
        sa.Column("sent_back_by", sa.Text),
    )

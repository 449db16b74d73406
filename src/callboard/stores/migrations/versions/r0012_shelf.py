"""Which runs lie in a file of the archive."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the table of what was put away."""
    op.create_table(
        "shelf",
        sa.Column("run_id", _TEXT, primary_key=True),
        sa.Column("file", _TEXT, nullable=False),
        sa.Column("at", _TEXT, nullable=False),
    )
    op.create_index("shelf_by_file", "shelf", ["file"])

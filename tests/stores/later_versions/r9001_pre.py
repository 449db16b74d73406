"""What a later Callboard may add: the first of a pair."""

import sqlalchemy as sa
from alembic import op

from callboard.stores.revisions import CURRENT

revision = "9001"
down_revision = CURRENT
branch_labels = None
depends_on = None


def upgrade():
    """Add what the code of before knows nothing of."""
    op.add_column("run", sa.Column("mood", sa.Text))
    op.add_column("event", sa.Column("weight", sa.Integer, server_default="1"))
    op.create_table("note", sa.Column("id", sa.Text, primary_key=True))

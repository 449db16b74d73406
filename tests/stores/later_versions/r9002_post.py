"""What a later Callboard may take away: the second of a pair."""

from alembic import op

revision = "9002"
down_revision = "9001"
branch_labels = None
depends_on = None
OLDEST = "9001"


def upgrade():
    """Take away what only the code of before used."""
    op.drop_column("run", "digest")
    op.execute("UPDATE compatible SET oldest = '9001'")

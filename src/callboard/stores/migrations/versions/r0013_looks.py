"""What a worker looks for is found without a look at all that waits."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("run_by_deadline", "run", ["status", "waiting_until"])
    op.create_index("run_by_need", "run", ["status", "waiting_on"])
    op.create_index("record_by_state", "record", ["kind", "state"])

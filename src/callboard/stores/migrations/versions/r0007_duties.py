"""What runs belong to: their space, their task, the step that they serve, the version of the
agent, and whom they wait for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Runs of before belong to no space."""
    op.add_column("run", sa.Column("space", sa.Text, nullable=False, server_default=""))
    for name in ("task", "digest", "step", "waiting_on", "waiting_since", "waiting_until"):
        op.add_column("run", sa.Column(name, sa.Text))
    op.create_index("run_by_task", "run", ["task"])

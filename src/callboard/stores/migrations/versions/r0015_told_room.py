"""Room under limits is taken without waiting for the disk: a crash of the server is noticed by what it takes away."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of those who told which room they hold; a server that crashes forgets all of it, on purpose."""
    is_server = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "told_room",
        sa.Column("owner", sa.Text(collation="C") if is_server else sa.Text, primary_key=True),
        prefixes=["UNLOGGED"] if is_server else [],
    )
    op.bulk_insert(sa.table("told_room", sa.column("owner")), [{"owner": ""}])

"""Records and the audit log, which nothing can change afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of records and of the audit log."""
    position = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "record",
        sa.Column("position", position, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("space", sa.Text),
        sa.Column("state", sa.Text),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("kind", "name", name="record_kind_name"),
    )
    op.create_index("record_by_age", "record", ["kind", "position"])
    op.create_table(
        "audit",
        sa.Column("position", position, primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("space", sa.Text),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_table(
        "audit_record",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("entry", sa.BigInteger, sa.ForeignKey("audit.position"), primary_key=True),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )

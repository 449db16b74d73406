"""Recorded files travel: private copies of repositories, and what was recorded of them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the tables of copies and of packs."""
    op.create_table(
        "private_copy",
        sa.Column("root", _TEXT, primary_key=True),
        sa.Column("repository", _TEXT, nullable=False),
        sa.Column("base_commit", _TEXT, nullable=False),
        sa.Column("base_tree", _TEXT, nullable=False),
        sa.Column("source", _TEXT),
        sa.Column("place", _TEXT, nullable=False),
        sa.Column("tree", _TEXT, nullable=False),
    )
    op.create_table(
        "tree_pack",
        sa.Column("root", _TEXT, primary_key=True),
        sa.Column("tree", _TEXT, primary_key=True),
        sa.Column("base", _TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":  # packs are compressed already
        op.execute("ALTER TABLE tree_pack ALTER content SET STORAGE EXTERNAL")

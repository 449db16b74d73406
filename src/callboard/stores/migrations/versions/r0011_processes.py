"""Which processes are at work, whose code may use the schema; and on PostgreSQL, how tables are kept there."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of owners and of what the schema is compatible with."""
    op.create_table(
        "owner",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table("compatible", sa.Column("oldest", sa.Text, primary_key=True))
    op.bulk_insert(sa.table("compatible", sa.column("oldest")), [{"oldest": "0011"}])
    if op.get_bind().dialect.name == "postgresql":
        _partition_events()
        _sort_by_bytes()
        _keep_the_audit_log()


def _partition_events() -> None:
    """Keep events by the month in which they were stored: no table of ours was on PostgreSQL before this."""
    op.execute("DROP TABLE event")
    op.execute("CREATE SEQUENCE event_position_seq AS bigint")
    op.execute(
        "CREATE TABLE event ("
        "position bigint NOT NULL DEFAULT nextval('event_position_seq'), "
        "run_id text NOT NULL, seq bigint NOT NULL, body bytea NOT NULL, hash text NOT NULL, "
        "stored_on date NOT NULL DEFAULT ((now() AT TIME ZONE 'UTC')::date), "
        "CONSTRAINT event_run_seq UNIQUE (run_id, seq, stored_on)"
        ") PARTITION BY RANGE (stored_on)"
    )
    op.execute("CREATE INDEX event_by_position ON event (position)")
    op.execute("CREATE TABLE event_other PARTITION OF event DEFAULT")
    op.execute("ALTER TABLE run SET (fillfactor = 60)")  # its rows change with every append


def _sort_by_bytes() -> None:
    """Compare text as the other database does, whatever language the server was set up for."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT table_name, column_name FROM information_schema.columns "
            "JOIN information_schema.tables USING (table_schema, table_name) "
            "WHERE table_schema = current_schema() AND data_type = 'text' "
            "AND table_type = 'BASE TABLE' AND table_name <> 'event_other'"
        )
    )
    for table, column in found.fetchall():
        op.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE text COLLATE "C"')


def _keep_the_audit_log() -> None:
    """Refuse to change what the audit log says, as the triggers of the other database do."""
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )

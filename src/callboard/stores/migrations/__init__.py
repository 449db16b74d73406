"""The schema over time; run by Alembic when a database is not current."""

"""Everything that the stores on SQLite and on PostgreSQL share."""

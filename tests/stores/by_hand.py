"""What people do to a database, past all that is ours."""

import psycopg


def by_hand(url, statement, **named):
    """Execute a statement, and return what came of it."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=callboard") as connection:
        return connection.execute(statement, named)

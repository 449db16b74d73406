"""The schema in which jobs stand, in the database of the log."""

from hashlib import sha256
from typing import Final

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

from callboard.domain.errors import ConfigurationInvalid

_TABLES: Final = SchemaManager.get_schema()
SCHEMA: Final = f"callboard_jobs_{sha256(_TABLES.encode()).hexdigest()[:8]}"
"""Its name says what it is made like: workers of another release have another one, and find their work all the same."""

_LOCK: Final = 0x63616C6C6A6F6273
_PATIENCE_S: Final = 10


async def prepare_jobs(url: str) -> None:
    """Create the schema where it is not there yet. Any number of processes may do so at the same time.

    Raises:
        ConfigurationInvalid: the database cannot be reached, or its user may not create schemas.
    """
    try:
        connecting = psycopg.AsyncConnection.connect(url, connect_timeout=_PATIENCE_S)
        async with await connecting as connection:
            if not await _is_there(connection):
                await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                if not await _is_there(connection):
                    await _create(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationInvalid(
            "the user of CALLBOARD_DATABASE_URL may not create the schema in which work is handed out: run"
            " `callboard db upgrade` once as one that may, or grant it CREATE on the database"
        ) from error
    except psycopg.OperationalError as error:
        raise ConfigurationInvalid(
            "the database of CALLBOARD_DATABASE_URL cannot be reached to hand out work"
            f" ({type(error).__name__}); see whether it runs"
        ) from error


async def _is_there(connection: psycopg.AsyncConnection) -> bool:
    # Asked of a table: what functions say of names may be from before the lock was taken.
    asked = "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'procrastinate_jobs'"
    found = await connection.execute(asked, (SCHEMA,))
    return await found.fetchone() is not None


async def _create(connection: psycopg.AsyncConnection) -> None:
    schema = sql.Identifier(SCHEMA)
    await connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
    await connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(schema))
    await connection.execute(_TABLES)

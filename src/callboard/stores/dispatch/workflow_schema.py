"""The schema in which workflows of DBOS stand, in the database of the log."""

import asyncio
from functools import partial
from typing import Final

import psycopg
from dbos import DBOS

from callboard.domain.errors import ConfigurationInvalid

SCHEMA: Final = "callboard_dbos"
_LOCK: Final = 0x63616C6C64626F73
_PATIENCE_S: Final = 10
_POLL_S: Final = 0.1


async def prepare_workflows(url: str) -> None:
    """Create the schema where it is not there yet, and bring it up to date. Any number of processes may do so at the
    same time.

    Raises:
        ConfigurationInvalid: the database cannot be reached, or its user may not create schemas.
    """
    try:
        connecting = psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=_PATIENCE_S
        )
        async with await connecting as connection:
            await _alone(connection)
            await asyncio.to_thread(partial(DBOS.migrate, url, schema=SCHEMA))
    except psycopg.OperationalError as error:
        raise ConfigurationInvalid(
            "the database of CALLBOARD_DATABASE_URL cannot be reached to hand out work"
            f" ({type(error).__name__}); see whether it runs"
        ) from error
    except Exception as error:
        if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            raise ConfigurationInvalid(
                "the user of CALLBOARD_DATABASE_URL may not create the schema in which work is handed out: grant it"
                " CREATE on the database"
            ) from error
        raise


async def _alone(connection: psycopg.AsyncConnection) -> None:
    """Wait until nobody else prepares. Not inside the database: indexes are built when nobody waits there."""
    while True:
        found = await connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
        row = await found.fetchone()
        if row is not None and row[0]:
            return
        await asyncio.sleep(_POLL_S)

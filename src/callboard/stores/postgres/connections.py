"""Opening connections to the server."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final, LiteralString, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumper

from callboard.domain.events.codec import Sealed
from callboard.domain.thread_mark import Mark
from callboard.stores.postgres import sql as statements
from callboard.stores.postgres.columns import Bigints, Bytes, Column, Texts, register, storable
from callboard.stores.postgres.place import PostgresPlace
from callboard.stores.relational.rows import columns_of_mark
from callboard.stores.relational.session import Answer, Named
from callboard.stores.relational.wording import Wording

WRITES: Final = 4_217_036_101
"""The advisory lock that every transaction of ours that writes holds: they run one behind the other, as on SQLite, so
that positions are visible in their order and nothing reads what another one is about to change.
"""

_ALONE: Final = f"BEGIN; SELECT pg_advisory_xact_lock({WRITES})"
_INSERT_EVENTS: Final = (
    "INSERT INTO event (run_id, seq, body, hash) "
    "SELECT e.run_id, e.seq, e.body, e.hash "
    "FROM unnest(%(run_ids)s::text[], %(seqs)s::bigint[], %(bodies)s::bytea[], %(hashes)s::text[]) "
    "WITH ORDINALITY AS e(run_id, seq, body, hash, n) ORDER BY e.n RETURNING position"
)
_CONNECT_S: Final = 5
_STALLED_MS: Final = 8_000
"""How long a process may stand still in the middle of a transaction before the server ends it: others wait for it."""

logging.getLogger("psycopg").setLevel(logging.ERROR)  # of a broken connection we tell ourselves


class PostgresSession:
    """`callboard.stores.relational.session.Session`."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self.doubtful = False
        self.sql: Wording = statements

    def execute(self, statement: str, named: Named | None = None, /) -> Answer:
        """See `Session`."""
        return self._connection.execute(cast("LiteralString", statement), named)

    def execute_all(self, every: Sequence[tuple[str, Named | None]]) -> Answer:
        """Execute statements, one at least, in one round trip; return the answer to the last one. The first that fails
        is the last one that is executed.
        """
        with self._connection.pipeline():
            answers = [
                self._connection.execute(cast("LiteralString", statement), named)
                for statement, named in every
            ]
        return answers[-1]

    def executemany(self, statement: str, every: Sequence[Named], /) -> None:
        """See `Session`."""
        with self._connection.cursor() as cursor:
            cursor.executemany(cast("LiteralString", statement), every)

    def insert_events(self, events: Sequence[Sealed], marks: Sequence[tuple[str, Mark]], /) -> None:
        """See `Session`."""
        found = self.execute(_INSERT_EVENTS, columns_of_events(events))
        first = min(int(position) for (position,) in found)
        self.executemany(
            self.sql.MARK,
            [
                columns_of_mark(root_id, first + offset, sealed.run_id, mark)
                for offset, (sealed, (root_id, mark)) in enumerate(zip(events, marks, strict=True))
            ],
        )

    def begin(self) -> None:
        """See `Session`."""
        self._connection.execute(cast("LiteralString", _ALONE), prepare=False)

    def commit(self) -> None:
        """See `Session`."""
        self._connection.commit()

    def rollback(self) -> None:
        """See `Session`."""
        if self._connection.info.transaction_status is not TransactionStatus.IDLE:
            self._connection.rollback()

    def notifications(self, *, within_s: float) -> Iterator[str]:
        """Return what was told on the channels that are listened to, waiting for the first for so long."""
        for told in self._connection.notifies(timeout=within_s, stop_after=1):
            yield told.payload

    def close(self) -> None:
        """See `Session`."""
        self._connection.close()


def columns_of_events(events: Sequence[Sealed]) -> dict[str, Column]:
    """Return events as columns, one behind the other."""
    return {
        "run_ids": Texts([event.run_id for event in events]),
        "seqs": Bigints([event.seq for event in events]),
        "bodies": Bytes([event.body for event in events]),
        "hashes": Texts([event.hash for event in events]),
    }


def connect(
    place: PostgresPlace, *, read_only: bool = False, patience_s: float, durable: bool = True
) -> PostgresSession:
    """Open a connection that any one thread at a time may use. Transactions are explicit.

    Args:
        place: the database.
        read_only: whether writes are refused.
        patience_s: how long a statement waits, in seconds, for what another process holds.
        durable: whether what is written survives the loss of power at that moment.
    """
    return PostgresSession(
        open_connection(place, read_only=read_only, patience_s=patience_s, durable=durable)
    )


def open_connection(
    place: PostgresPlace,
    *,
    read_only: bool = False,
    patience_s: float,
    durable: bool = True,
    autocommit: bool = True,
) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection as `connect` does, as the library knows it."""
    settings = {
        "search_path": place.schema,
        "TimeZone": "UTC",
        "lock_timeout": str(max(1, int(patience_s * 1_000))),
        "idle_in_transaction_session_timeout": str(_STALLED_MS),
        "synchronous_commit": "on" if durable else "off",
    }
    if read_only:  # whether others may write is the database's own business
        settings["default_transaction_read_only"] = "on"
    options = (*place.options, *(f"-c {name}={value}" for name, value in settings.items()))
    connection = psycopg.connect(
        place.conninfo,
        autocommit=autocommit,
        prepare_threshold=2,
        application_name="callboard",
        connect_timeout=_CONNECT_S,
        client_encoding="utf8",
        options=" ".join(options),
        keepalives_idle=15,
        keepalives_interval=5,
        keepalives_count=3,
    )
    connection.adapters.register_dumper(str, _TextDumper)
    register(connection)
    return connection


def version_of(session: PostgresSession) -> str:
    """Return what server it is, for people to read."""
    (version,) = session.execute("SHOW server_version").fetchone()
    return f"PostgreSQL {str(version).split()[0]}"


class _TextDumper(StrDumper):
    """Writes text as it may be stored."""

    def dump(self, obj: str) -> bytes:
        return cast("bytes", super().dump(storable(obj)))

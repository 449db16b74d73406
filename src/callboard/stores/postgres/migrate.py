"""Bringing a database to the schema of this code, and saying whether this code can use the one that is there.

Revisions come in pairs: the first of a pair only adds, so that the code of before goes on working while processes are
replaced one by one; the second takes away what only that code used, and raises the oldest revision whose code the schema
is `compatible` with. It waits until no process of such code is at work.
"""

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.stores.postgres.connections import PostgresSession, connect, open_connection
from callboard.stores.postgres.partitions import ensure_partitions
from callboard.stores.postgres.place import PostgresPlace
from callboard.stores.revisions import CURRENT, MIGRATIONS, NEEDED
from callboard.stores.upgrading import as_drivers_say

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATING: Final = 4_217_036_102
"""The advisory lock of whoever changes the schema."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The revision of a database (None: it is empty), and the oldest one whose code may use it."""

    revision: str | None
    oldest: str


def ensure_usable(place: PostgresPlace, patience_s: float) -> None:
    """Create the schema where there is none, and do nothing where this code can use the one that is there.

    Raises:
        ConfigurationInvalid: it cannot: says whether to upgrade the database or this program.
    """
    with closing(connect(place, patience_s=patience_s)) as session:
        if standing(session).revision is None:
            Upgrade(place, patience_s).run(session)
        why = unusable(standing(session), place.shown)
        if why is not None:
            raise ConfigurationInvalid(why)
        ensure_partitions(session)


def unusable(found: Standing, shown: str) -> str | None:
    """Return why this code cannot use a schema, and the way out; None: it can."""
    if found.revision is None:
        return f"{shown} has no tables of Callboard's; run `callboard db upgrade`"
    if found.revision < NEEDED:
        return (
            f"{shown} has the schema of an older Callboard (revision {found.revision}, this one needs {NEEDED}); run "
            "`callboard db upgrade`: what is at work may go on meanwhile"
        )
    if found.oldest > CURRENT:
        return (
            f"{shown} has the schema of a newer Callboard (revision {found.revision}, this one knows {CURRENT}); "
            "upgrade this one"
        )
    return None


def standing(session: PostgresSession) -> Standing:
    """Return how a database stands."""
    (there,) = session.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    if not there:
        return Standing(None, CURRENT)
    record = session.execute("SELECT version_num FROM alembic_version").fetchone()
    if record is None:
        return Standing(None, CURRENT)
    (known,) = session.execute("SELECT to_regclass('compatible') IS NOT NULL").fetchone()
    found = session.execute("SELECT max(oldest) FROM compatible").fetchone() if known else None
    return Standing(str(record[0]), str(found[0]) if found and found[0] else str(record[0]))


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Changes to the schema of a database, from the revisions in some folders."""

    place: PostgresPlace
    patience_s: float
    folders: tuple[Path, ...] = (MIGRATIONS / "versions",)

    def run(self, session: PostgresSession) -> tuple[Sequence[str], Sequence[str]]:
        """Bring the database as far as the processes at work allow; return the revisions that were applied and those
        that wait for processes of older code to end.

        Raises:
            ConfigurationInvalid: it has the schema of a newer Callboard.
        """
        with _alone(session):
            session.execute(f"CREATE SCHEMA IF NOT EXISTS {self.place.schema}")
            before = standing(session).revision
            pending = self._pending(before)
            ready = pending if before is None else self._ready(session, pending)
            if ready:
                self._apply(ready[-1])
                ensure_partitions(session)
            return ready, pending[len(ready) :]

    def _pending(self, before: str | None) -> list[str]:
        every = [revision for revision, _ in self._history()]
        if before is None:
            return every
        if before not in every:
            raise ConfigurationInvalid(
                f"{self.place.shown} has the schema of a newer Callboard (revision {before}); upgrade this one"
            )
        return every[every.index(before) + 1 :]

    def _ready(self, session: PostgresSession, pending: list[str]) -> list[str]:
        """Return the revisions up to the first one that takes something away from a process at work."""
        (oldest,) = session.execute(
            "SELECT min(revision) FROM owner WHERE until > clock_timestamp()"
        ).fetchone()
        raised = dict(self._history())
        for count, revision in enumerate(pending):
            if oldest is not None and raised[revision] > oldest:
                return pending[:count]
        return pending

    def _history(self) -> list[tuple[str, str]]:
        """Return the revisions, the first one first, each with the oldest whose code it leaves usable."""
        from alembic.script import ScriptDirectory  # noqa: PLC0415 - takes half a second, and is needed once

        found = ScriptDirectory.from_config(self._config()).walk_revisions()
        return [
            (script.revision, str(getattr(script.module, "OLDEST", "")))
            for script in reversed(list(found))
        ]

    def _config(self) -> "Config":
        from alembic.config import Config  # noqa: PLC0415 - see above

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        folders = "\n".join(str(folder).replace("%", "%%") for folder in self.folders)
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", folders)
        return config

    def _apply(self, revision: str) -> None:
        """Apply everything up to a revision in one transaction: a killed upgrade leaves the old schema."""
        from alembic import command  # noqa: PLC0415 - see above
        from sqlalchemy import create_engine, pool  # noqa: PLC0415

        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: open_connection(
                self.place, patience_s=self.patience_s, autocommit=False
            ),
            poolclass=pool.NullPool,
        )
        config = self._config()
        try:
            with as_drivers_say(), engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
        finally:
            engine.dispose()


@contextmanager
def _alone(session: PostgresSession) -> Generator[None]:
    session.execute("SELECT pg_advisory_lock(%(lock)s)", {"lock": _MIGRATING})
    try:
        yield
    finally:
        session.execute("SELECT pg_advisory_unlock(%(lock)s)", {"lock": _MIGRATING})

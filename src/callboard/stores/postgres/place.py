"""Where a database on PostgreSQL is."""

from dataclasses import dataclass
from typing import Final, Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from callboard.domain.errors import ConfigurationInvalid

SCHEMA: Final = "callboard"


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A database on a server: how to reach it, and what to call it in messages. `conninfo` may hold a password and is
    never shown; `options` are those that the address itself brings along. All tables of ours are in `schema`.
    """

    conninfo: str
    shown: str
    options: tuple[str, ...] = ()
    schema: str = SCHEMA

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the place that an address names, as libpq reads it.

        Raises:
            ConfigurationInvalid: it cannot be read. No message repeats it: it may hold a password.
        """
        try:
            found = conninfo_to_dict(url)
        except ProgrammingError:
            raise ConfigurationInvalid(
                "CALLBOARD_DATABASE_URL is no address of a PostgreSQL database; write "
                "`postgresql://USER:PASSWORD@HOST:PORT/DATABASE`"
            ) from None
        options = str(found.pop("options", None) or "")
        host, port = found.get("host") or "localhost", found.get("port") or "5432"
        shown = f"PostgreSQL database {found.get('dbname') or '(default)'} on {host}:{port}"
        return cls(make_conninfo("", **found), shown, (options,) if options else ())

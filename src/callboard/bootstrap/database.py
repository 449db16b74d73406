"""The database that the settings name."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from pathlib import Path
from typing import TYPE_CHECKING

from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.bootstrap.sources import Additions
    from callboard.ports.schema_keeper import SchemaKeeper
    from callboard.stores.relational.store import RelationalStore


async def open_store(settings: Settings, added: "Additions") -> "RelationalStore":
    """Open the store, creating its tables where there are none.

    Raises:
        ConfigurationInvalid: the database cannot be used.
        LogError: its server cannot be reached.
    """
    place, durable, patience_s = settings.database, not added.disposable, settings.patience_s
    if isinstance(place, Path):
        from callboard.stores.sqlite.store import SqliteEventStore

        return await SqliteEventStore.open(place, patience_s=patience_s, durable=durable)
    from callboard.stores.postgres.store import PostgresEventStore

    return await PostgresEventStore.open(
        place.url.get_secret_value(),
        settings.home,
        lease_s=place.lease_s,
        patience_s=patience_s,
        durable=durable,
    )


def open_schema(settings: Settings) -> "SchemaKeeper":
    """Return what keeps the tables; nothing is opened yet.

    Raises:
        ConfigurationInvalid: the address of the database cannot be read.
    """
    place = settings.database
    if isinstance(place, Path):
        from callboard.stores.sqlite.schema import SqliteSchema

        return SqliteSchema(place, settings.patience_s)
    from callboard.stores.postgres.schema import PostgresSchema

    return PostgresSchema(place.url.get_secret_value(), settings.patience_s)

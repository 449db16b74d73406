"""Giving back the room that the database does not use, where it is a file of ours."""

# ruff: noqa: PLC0415 - the adapter is imported where it is used

from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.settings import Settings


def compact_database(settings: Settings) -> tuple[int, int]:
    """Write the database's file anew without what is free in it; return its size in bytes before and after. Blocks.

    Raises:
        ConfigurationInvalid: it is on a server, which does so by itself; or there is none.
        LogError: it cannot be written at the moment.
    """
    place = settings.database
    if not isinstance(place, Path):
        raise ConfigurationInvalid(
            "the database is on a server, which gives room back by itself: `callboard archive put` removes the tables of"
            " months that are empty, autovacuum lets everything else be used again, and `VACUUM FULL` is for whoever"
            " looks after the server"
        )
    from callboard.stores.sqlite.compacting import compact

    return compact(place, settings.patience_s)

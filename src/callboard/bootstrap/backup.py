"""Copies of the database, where it is a file of ours."""

# ruff: noqa: PLC0415 - the adapter is imported where it is used

from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.settings import Settings


def back_up(settings: Settings, target: Path) -> int:
    """Copy the database to a new file; return its size in bytes. Blocks.

    Raises:
        ConfigurationInvalid: it is on a server, which has tools of its own for that; or it cannot be copied.
        LogError: it cannot be read.
    """
    place = settings.database
    if not isinstance(place, Path):
        raise ConfigurationInvalid(
            "the database is on a server: copy it with `pg_dump --format=custom`, which takes no longer than it must and"
            " keeps nobody from writing"
        )
    from callboard.stores.sqlite.backup import backup

    return backup(place, target.absolute(), settings.patience_s)

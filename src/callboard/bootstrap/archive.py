"""Where runs are put away."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from typing import TYPE_CHECKING

from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.ports.archive import Shelf
    from callboard.usecases.archive import Archive


def open_archive(settings: Settings, shelf: "Shelf") -> "Archive":
    """Return the archive; nothing is opened or made yet."""
    from callboard.stores.archive.folder import DirectoryArchive
    from callboard.usecases.archive import Archive

    return Archive(shelf, DirectoryArchive(settings.archive or settings.home / "archive"))

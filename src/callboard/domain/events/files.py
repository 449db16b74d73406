"""File changes, as git tree ids: any point of a log can give its files back."""

from typing import Literal

from callboard.domain.events.event import BlobRef, Event
from callboard.domain.frozen import Frozen


class FileChange(Frozen):
    """One path. `added` and `removed` count lines and are None for binary files."""

    path: str
    status: Literal["added", "modified", "deleted"]
    added: int | None
    removed: int | None


class FilesChanged(Event):
    """The workspace was recorded after something may have changed it.

    `base_tree` and `tree` are git tree ids; they are equal, and `changes` empty, where nothing changed.
    `turn` is the run's turn, or 0 in a workflow's log, where `base_tree` is the task's base.
    """

    type: Literal["files.changed"] = "files.changed"
    turn: int
    base_tree: str
    tree: str
    changes: tuple[FileChange, ...]
    diff: str | None = None
    blob: BlobRef | None = None

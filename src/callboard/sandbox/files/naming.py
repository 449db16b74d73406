"""Paths as text: what a model may write, and which names are never served."""

import unicodedata
from pathlib import PurePosixPath

from callboard.ports.workspace import FileRefused

LONGEST_PATH = 4096
_TEMPLATE_ENDINGS = ("example", "sample", "template", "dist")


def split_path(path: str, root: str) -> tuple[str, ...]:
    """Return the components of a path relative to `root`; `..` stays in, for the file system to judge.

    Raises:
        FileRefused: the text cannot be a path (`unreadable`) or is absolute and elsewhere (`outside`).
    """
    _require_plain(path)
    if not path.startswith("/"):
        return tuple(part for part in path.split("/") if part not in {"", "."})
    parts, above = PurePosixPath(path).parts, PurePosixPath(root).parts
    if parts[: len(above)] != above:
        raise outside(path)
    return parts[len(above) :]


def _require_plain(path: str) -> None:
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        raise FileRefused("The path is not valid Unicode text.", reason="unreadable") from None
    if "\0" in path:
        raise FileRefused("The path contains a NUL character.", reason="unreadable")
    if length > LONGEST_PATH:
        message = f"The path is too long: {length} bytes, at most {LONGEST_PATH} are possible."
        raise FileRefused(message, reason="unreadable")


def outside(path: str) -> FileRefused:
    """Return the refusal of a path that leaves the workspace."""
    return FileRefused(f"{path} is outside the workspace.", reason="outside")


def ignored(path: str) -> FileRefused:
    """Return the refusal of a path that the file tools do not serve."""
    message = (
        f"{path} is ignored by git, holds secrets or belongs to git; file tools do not use it."
    )
    return FileRefused(message, reason="ignored")


def is_git_control(name: str) -> bool:
    """Whether this name is `.git` to any file system: letter case and invisible characters aside."""
    return _folded(name) == ".git"


def is_secret(name: str) -> bool:
    """Whether this name is an environment file (`.env`, `.env.local`, …) and not a template of one."""
    folded = _folded(name)
    return folded.startswith(".env") and not is_env_template(name)


def is_env_template(name: str) -> bool:
    """Whether this name is a template of an environment file, such as `.env.example`."""
    folded = _folded(name)
    return folded.startswith(".env") and folded.endswith(_TEMPLATE_ENDINGS)


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    visible = (char for char in name if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", "".join(visible)).casefold()

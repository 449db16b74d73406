"""Git's hooks and configuration, kept as they were.

Landlock can grant a directory, not all of it but `.git/hooks`. So what could make somebody's later `git`
run code is remembered before the command and put back after the last of its processes has ended.
"""

# Importing pathlib would add a third to what every command costs.
# ruff: noqa: PTH101, PTH102, PTH103, PTH106, PTH108, PTH112, PTH114, PTH115, PTH118, PTH120, PTH123, PTH208, PTH211

import contextlib
import os
import stat

CONTROL = ("config", "config.worktree", "commondir", "hooks", "info")
LARGEST = 1_000_000
FRESH_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"

Entry = tuple[int, bytes]
Entries = dict[str, Entry]


def entries_of(place: str, name: str) -> Entries:
    """Return mode and content (a link's target) of a path and of all below it, by relative name."""
    path = os.path.join(place, name)
    try:
        status = os.lstat(path)
    except OSError:
        return {}
    if stat.S_ISDIR(status.st_mode):
        found: Entries = {name: (status.st_mode, b"")}
        for child in os.listdir(path):
            found |= entries_of(place, os.path.join(name, child))
        return found
    if stat.S_ISLNK(status.st_mode):
        return {name: (status.st_mode, os.fsencode(os.readlink(path)))}
    return {name: (status.st_mode, _content(path, status))}


def _content(path: str, status: os.stat_result) -> bytes:
    if not stat.S_ISREG(status.st_mode):
        return b""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:
        return file.read(LARGEST)


def control_entries(git: str) -> Entries:
    """Return the control files of a `.git` directory, those of its submodules included."""
    found: Entries = {}
    for name in CONTROL:
        found |= entries_of(git, name)
    modules = os.path.join(git, "modules")
    if os.path.isdir(modules) and not os.path.islink(modules):
        for place, _, _ in os.walk(modules):
            inside = os.path.relpath(place, git)
            for name in CONTROL[:-1]:
                found |= entries_of(git, os.path.join(inside, name))
    return found


def remove(path: str) -> None:
    """Remove whatever is there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if os.path.isdir(path) and not os.path.islink(path):
            for child in os.listdir(path):
                remove(os.path.join(path, child))
            os.rmdir(path)
        else:
            os.unlink(path)


def put(path: str, entry: Entry) -> None:
    """Create a directory, link or file where nothing is."""
    mode, content = entry
    parent = os.path.dirname(path)
    if os.path.islink(parent) or not os.path.isdir(parent):
        remove(parent)
        os.makedirs(parent)
    if stat.S_ISDIR(mode):
        os.mkdir(path, stat.S_IMODE(mode))
    elif stat.S_ISLNK(mode):
        os.symlink(content, os.fsencode(path))
    else:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(path, flags, 0o600), "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), stat.S_IMODE(mode))


class GitGuard:
    """The control files of one workspace at one moment: now, or as `kept` says they were."""

    def __init__(self, root: str, kept: "tuple[bool, Entries] | None" = None) -> None:
        self._root = root
        self._git = os.path.join(root, ".git")
        if kept is None:
            directory = os.path.isdir(self._git) and not os.path.islink(self._git)
            kept = (
                directory,
                control_entries(self._git) if directory else entries_of(root, ".git"),
            )
        self._directory, self._kept = kept

    @property
    def kept(self) -> "tuple[bool, Entries]":
        """Whether there was a directory, and its entries; or the entry of what was there instead."""
        return self._directory, self._kept

    def restore(self) -> list[str]:
        """Put everything back; return the paths that had been changed."""
        if self._directory:
            return self._restore_directory(self._kept)
        if self._kept:
            return self._restore_link()
        if os.path.lexists(self._git):
            self._tame_new()
        return []

    def _restore_link(self) -> list[str]:
        if entries_of(self._root, ".git") == self._kept:
            return []
        remove(self._git)
        put(self._git, self._kept[".git"])
        return [".git"]

    def _tame_new(self) -> None:
        """Leave a repository that the command created its objects, and a plain configuration."""
        if os.path.isdir(self._git) and not os.path.islink(self._git):
            self._restore_directory({"config": (stat.S_IFREG | 0o644, FRESH_CONFIG)})
        else:
            remove(self._git)

    def _restore_directory(self, wanted: Entries) -> list[str]:
        if os.path.islink(self._git) or not os.path.isdir(self._git):
            remove(self._git)
            os.mkdir(self._git)
        present = control_entries(self._git)
        names = sorted({*wanted, *present})
        changed = [name for name in names if wanted.get(name) != present.get(name)]
        for name in reversed(changed):
            if not _same_directory(wanted.get(name), present.get(name)):
                remove(os.path.join(self._git, name))
        for name in changed:
            path = os.path.join(self._git, name)
            if name in wanted and os.path.lexists(path):
                os.chmod(path, stat.S_IMODE(wanted[name][0]))
            elif name in wanted:
                put(path, wanted[name])
        return [f".git/{name}" for name in changed]


def _same_directory(one: "Entry | None", other: "Entry | None") -> bool:
    return one is not None and other is not None and stat.S_ISDIR(one[0]) and stat.S_ISDIR(other[0])

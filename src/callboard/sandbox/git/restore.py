"""From a listing back to files."""

import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress

from callboard.sandbox.files.beneath import Beneath
from callboard.sandbox.files.naming import is_git_control
from callboard.sandbox.files.writing import open_parent, replace_file
from callboard.sandbox.git.process import Git, GitFailed
from callboard.sandbox.git.trees import EXECUTABLE, LINK, SUBMODULE, Entry, Listing

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


async def restore(beneath: Beneath, git: Git, present: Listing, wanted: Listing) -> None:
    """Change the files from `present` to `wanted`.

    Raises:
        OSError: a file cannot be written: something is in the way, or there is no room. It names the file.
    """
    for path in present:
        if path not in wanted:
            _remove(beneath, tuple(path.split("/")))
    changed = {path: entry for path, entry in wanted.items() if present.get(path) != entry}
    files: list[tuple[str, Entry]] = []
    for path, entry in changed.items():
        parts = tuple(path.split("/"))
        if any(is_git_control(part) or part == ".." for part in parts):
            continue
        if entry.mode == SUBMODULE:
            os.close(open_parent(beneath, parts).fd)
        else:
            files.append((path, entry))
    async with aclosing(_blobs(git, [entry.id for _, entry in files])) as contents:
        for path, entry in files:
            _put(beneath, path, entry, await anext(contents))


def _remove(beneath: Beneath, parts: tuple[str, ...]) -> None:
    """Remove a file, then the directories above it that are empty now."""
    with suppress(OSError):
        for depth in range(len(parts) - 1, -1, -1):
            above = beneath.open(parts[:depth], _DIRECTORY)
            try:
                if above.parts != parts[:depth]:
                    return
                remove = os.unlink if depth == len(parts) - 1 else os.rmdir
                remove(parts[depth], dir_fd=above.fd)
            finally:
                os.close(above.fd)


def _put(beneath: Beneath, path: str, entry: Entry, content: bytes) -> None:
    *above, name = path.split("/")
    try:
        directory = open_parent(beneath, tuple(above))
        try:
            if entry.mode == LINK:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=directory.fd)
                os.symlink(content, os.fsencode(name), dir_fd=directory.fd)
            else:
                mode = 0o755 if entry.mode == EXECUTABLE else 0o644
                replace_file(directory.fd, name, content, mode=mode)
        finally:
            os.close(directory.fd)
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, path) from None


async def _blobs(git: Git, names: Iterable[str]) -> AsyncGenerator[bytes]:
    """Yield the contents of objects, in order."""
    wanted = "".join(f"{name}\n" for name in names).encode()
    if not wanted:
        return
    async with git.stream("cat-file", "--batch", stdin=wanted) as output:
        while header := await output.readline():
            facts = header.split()
            if len(facts) != 3:
                raise GitFailed(header.decode(errors="replace").strip())
            yield await output.readexactly(int(facts[2]))
            await output.readexactly(1)

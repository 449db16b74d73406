"""`ports.file_trees.FileTrees`: recorded trees, object by object."""

import os
from asyncio import StreamReader
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from callboard.ports.file_trees import StoredObject
from callboard.sandbox.git.process import Git, GitFailed
from callboard.sandbox.git.store import Store
from callboard.sandbox.git.trees import is_object_id

_CHUNK = 1 << 20
_GONE = "it is not on this machine any more"


class GitTrees:
    """The trees in the private repositories under `state`."""

    def __init__(self, state: Path) -> None:
        self._state = state

    async def objects(
        self, root: str, trees: Sequence[str], *, largest: int
    ) -> AsyncGenerator[StoredObject]:
        """See `ports.file_trees.FileTrees`."""
        place = os.path.realpath(root)  # noqa: ASYNC240 - a few stats
        git = Store(self._state, place).git
        here: list[str] = []
        for tree in trees:
            why = await _missing(git, tree)
            if why is None:
                here.append(tree)
            else:
                yield StoredObject("tree", tree, None, why)
        if here:
            async for found in _contents(git, here, largest):
                yield found


async def _missing(git: Git, tree: str) -> str | None:
    """Return why a tree cannot be given whole; None where it can."""
    if not is_object_id(tree):
        return "not the id of a tree"
    try:
        await git.run("rev-list", "--objects", "--quiet", tree)
    except GitFailed:
        return _GONE
    return None


async def _contents(git: Git, trees: list[str], largest: int) -> AsyncGenerator[StoredObject]:
    listed = await git.run("rev-list", "--objects", "--no-object-names", *trees)
    async with git.stream("cat-file", "--batch", stdin=listed) as output:
        while header := await output.readline():
            facts = header.decode().split()
            if len(facts) != 3:
                yield StoredObject("blob", facts[0], None, _GONE)
                continue
            name, kind, size = facts[0], facts[1], int(facts[2])
            content = await _content(output, size, largest)
            await output.readexactly(1)
            why = "" if content is not None else f"it has {size} bytes, more than {largest}"
            yield StoredObject("tree" if kind == "tree" else "blob", name, content, why)


async def _content(output: StreamReader, size: int, largest: int) -> bytes | None:
    if size <= largest:
        return await output.readexactly(size)
    while size:
        size -= len(await output.readexactly(min(size, _CHUNK)))
    return None

"""A workspace as it was at a recorded tree, in a directory of its own."""

import asyncio
import secrets
import shutil
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.sandbox.files.beneath import open_beneath
from callboard.sandbox.git.clone import clone
from callboard.sandbox.git.process import Git, GitFailed
from callboard.sandbox.git.repositories import commit_id, locate
from callboard.sandbox.git.restore import restore
from callboard.sandbox.git.store import Store, write_alternates
from callboard.sandbox.git.trees import Listing, is_object_id, parse_listing


async def branch(source: Store, root: str, tree: str, store: Store, destination: Path) -> None:
    """Lay the files of a tree that was recorded of `root` into `destination`, which must not exist.

    Where `root` is a git repository the copy is one, too, at the same commit; it shares objects with it
    and nothing else.

    Raises:
        ConfigurationInvalid: the tree was never recorded here, or the destination is in use.
    """
    if await asyncio.to_thread(destination.exists):
        raise ConfigurationInvalid(f"{destination} is in use already.")
    wanted = await _listing(source, tree)
    present: Listing = {}
    commit = await _head(root)
    if commit is None:
        await store.create(source.algorithm(), [str(source.objects)])
        await asyncio.to_thread(destination.parent.mkdir, parents=True, exist_ok=True)
    else:
        await clone(store, root, commit, destination)
        origin = store.origin()
        shared = () if origin is None else origin.objects
        write_alternates(store.objects, (*shared, str(source.objects)))
        present = {} if origin is None else await _listing(store, origin.tree)
    await _lay(source.git, wanted, present, destination)


async def _head(root: str) -> str | None:
    try:
        return await commit_id(await locate(root), "HEAD")
    except ConfigurationInvalid:  # not a repository, or without a commit
        return None


async def _listing(store: Store, tree: str) -> Listing:
    if not is_object_id(tree):
        raise ConfigurationInvalid(f"{tree!r} is not a tree id.")
    try:
        output = await store.git.run("ls-tree", "-r", "-z", "--full-tree", tree)
    except GitFailed as problem:
        raise ConfigurationInvalid(f"The recorded files {tree} are not here: {problem}") from None
    return parse_listing(output)


async def _lay(git: Git, wanted: Listing, present: Listing, destination: Path) -> None:
    """Write the files; a new directory appears whole or not at all."""
    place = destination
    if not await asyncio.to_thread(destination.exists):
        place = destination.with_name(f".{destination.name}.{secrets.token_hex(8)}.part")
        await asyncio.to_thread(place.mkdir, mode=0o700)
    try:
        beneath = open_beneath(str(place))
        try:
            await restore(beneath, git, present, wanted)
        finally:
            beneath.close()
        if place != destination:
            place.rename(destination)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise

"""Private copies of repositories: objects are shared, configuration, hooks and refs are not."""

import asyncio
import secrets
import shutil
from pathlib import Path
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.sandbox.files.beneath import open_beneath
from callboard.sandbox.git.process import Git, GitFailed
from callboard.sandbox.git.repositories import commit_id, locate, shared_objects
from callboard.sandbox.git.restore import restore
from callboard.sandbox.git.store import Origin, Store, write_alternates
from callboard.sandbox.git.trees import parse_listing

_WHOLE: Final = (
    "Where it lacks something (`git fsck` in it tells), get that back first: "
    "`git fetch --refetch --no-filter` makes a partial clone whole"
)


async def clone(store: Store, repository: str, commit: str, destination: Path) -> None:
    """Check out a commit in `destination`, which must be free, empty or the same clone already.

    No hook, filter or submodule of the repository runs: files are written byte for byte.

    Raises:
        ConfigurationInvalid: no such repository or commit, it lacks something, or the destination is in use.
        OSError: the destination cannot be written.
    """
    source = await locate(repository)
    try:
        await _clone(store, source, commit, destination)
    except GitFailed as problem:
        raise ConfigurationInvalid(f"{repository} cannot be copied: {problem}. {_WHOLE}") from None


async def _clone(store: Store, source: Git, commit: str, destination: Path) -> None:
    origin = await _origin(source, commit)
    if _is_done(store, origin, destination):
        return
    algorithm = await source.line("rev-parse", "--show-object-format")
    await store.create(algorithm, origin.objects)
    write_alternates(store.objects, origin.objects)
    await asyncio.to_thread(destination.parent.mkdir, parents=True, exist_ok=True)
    partial = destination.with_name(f".{destination.name}.{secrets.token_hex(8)}.part")
    try:
        await _check_out(partial, origin, algorithm)
        store.set_origin(origin)
        partial.rename(destination)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


async def _origin(source: Git, commit: str) -> Origin:
    name = await commit_id(source, commit)
    tree = await source.line("rev-parse", "--verify", f"{name}^{{tree}}")
    objects = await shared_objects(source)
    if any("\n" in place for place in objects):
        raise ConfigurationInvalid(
            f"{source.directory!r} cannot be copied: there is a line break in its path; rename it"
        )
    return Origin(source.directory, name, tree, objects)


def _is_done(store: Store, origin: Origin, destination: Path) -> bool:
    if not destination.exists() or (destination.is_dir() and not any(destination.iterdir())):
        return False
    known = store.origin()
    if known and (known.repository, known.commit) == (origin.repository, origin.commit):
        return True
    message = f"{destination} is in use and not a copy of {origin.repository} at {origin.commit}."
    raise ConfigurationInvalid(message)


async def _check_out(place: Path, origin: Origin, algorithm: str) -> None:
    await asyncio.to_thread(place.mkdir, mode=0o700)
    git = Git(str(place / ".git"))
    await git.run("init", "--quiet", "--template=", f"--object-format={algorithm}")
    write_alternates(place / ".git" / "objects", origin.objects)
    await git.run("update-ref", "--no-deref", "HEAD", origin.commit)
    listing = parse_listing(await git.run("ls-tree", "-r", "-z", "--full-tree", origin.tree))
    beneath = open_beneath(str(place))
    try:
        await restore(beneath, git, {}, listing)
    finally:
        beneath.close()
    await git.run("read-tree", origin.tree)

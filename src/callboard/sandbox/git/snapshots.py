"""`ports.workspace.Snapshots`: the files of a workspace as trees of its private repository."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.files import FileChange
from callboard.ports.workspace import FileRefused, Snapshot
from callboard.sandbox.disk import NO_ROOM
from callboard.sandbox.files.beneath import Beneath
from callboard.sandbox.files.ignores import Ignores
from callboard.sandbox.git.failing import failing_as
from callboard.sandbox.git.objects import LooseObjects
from callboard.sandbox.git.process import GitFailed
from callboard.sandbox.git.restore import restore
from callboard.sandbox.git.scan import Scanner, Stamps
from callboard.sandbox.git.store import Store
from callboard.sandbox.git.trees import (
    Listing,
    is_object_id,
    parse_listing,
    shown,
    write_tree,
)

LONGEST_DIFF = 200_000
_PLAIN_DIFF = ("-r", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv")


class TreeSnapshots:
    """Snapshots of one workspace.

    Every file that git does not ignore is recorded byte for byte, whatever `.gitattributes` says; nested
    repositories count as plain files, and `.git` is left out wherever it is. Environment files (`.env`) are
    left out and left alone like ignored ones, unless a private copy has them from its origin.
    """

    def __init__(self, store: Store, beneath: Beneath, ignores: Ignores) -> None:
        self._store = store
        self._beneath = beneath
        self._ignores = ignores
        self._scanner: Scanner | None = None
        self._listings: dict[str, Listing] = {}
        self._lock = asyncio.Lock()

    async def record(self, base_tree: str | None) -> Snapshot:
        """See `ports.workspace.Snapshots`."""
        async with self._alone():
            tracked: Listing = await self._listing(base_tree) if base_tree else {}
            tree, _ = await self._scan(tracked)
            return await self._compared(base_tree, tree)

    async def compared(self, base_tree: str | None, tree: str) -> Snapshot:
        """Return what `record` would, where the files are those of a tree that was stored."""
        async with self._alone():
            return await self._compared(base_tree, tree)

    async def _compared(self, base_tree: str | None, tree: str) -> Snapshot:
        if base_tree is None:
            return Snapshot(tree, tree, (), "")
        base, present = await self._listing(base_tree), await self._listing(tree)
        changes = await self._changes(base_tree, tree, base, present)
        diff = await self._diff(base_tree, tree) if changes else ""
        return Snapshot(base_tree, tree, changes, diff)

    async def restore(self, tree: str) -> None:
        """See `ports.workspace.Snapshots`."""
        async with self._alone():
            wanted = await self._listing(tree)
            _, present = await self._scan(wanted)
            try:
                await restore(self._beneath, self._store.git, present, wanted)
            except OSError as problem:
                if problem.errno in NO_ROOM:
                    raise
                message = f"{problem.filename} cannot be restored: {problem.strerror}."
                raise FileRefused(message, reason="unreadable") from None

    async def keep(self) -> None:
        """See `ports.workspace.Snapshots`. The files are here, and nowhere else."""

    async def present(self, tracked: str) -> str:
        """Store the present files as a tree and return its id. What is in the tree `tracked` counts even where git ignores
        it.
        """
        async with self._alone():
            tree, _ = await self._scan(await self._listing(tracked))
            return tree

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None]:
        place = self._store.git.directory
        async with self._lock:
            with failing_as(f"Files cannot be recorded in {place}, or brought back from there"):
                yield

    async def _scan(self, tracked: Listing) -> tuple[str, Listing]:
        if self._scanner is None:
            await self._store.create()
            stamps = await asyncio.to_thread(Stamps, self._store.stamps)
            self._scanner = Scanner(self._beneath, self._ignores, stamps)
        origin = self._store.origin()
        if origin:
            tracked = {**await self._listing(origin.tree), **tracked}
        known = {entry.id for entry in tracked.values()}
        objects = LooseObjects(self._store.objects, self._store.algorithm(), known)
        listing = await asyncio.to_thread(self._scanner.scan, tracked, objects)
        tree = await asyncio.to_thread(write_tree, listing, objects)
        self._remember(tree, listing)
        return tree, listing

    async def _listing(self, tree: str) -> Listing:
        known = self._listings.get(tree)
        if known is not None:
            return known
        if not is_object_id(tree):
            raise ConfigurationInvalid(f"{tree!r} is not a tree id.")
        await self._store.create()
        try:
            output = await self._store.git.run("ls-tree", "-r", "-z", "--full-tree", tree)
        except GitFailed as problem:
            message = f"The recorded files {tree} are not here: {problem}"
            raise ConfigurationInvalid(message) from None
        return self._remember(tree, parse_listing(output))

    def _remember(self, tree: str, listing: Listing) -> Listing:
        """Keep the few listings that are asked for again: base, origin and the last one."""
        while len(self._listings) > 3:
            del self._listings[next(iter(self._listings))]
        self._listings.pop(tree, None)
        self._listings[tree] = listing
        return listing

    async def _changes(
        self, base_tree: str, tree: str, base: Listing, present: Listing
    ) -> tuple[FileChange, ...]:
        paths = sorted(path for path in {*base, *present} if base.get(path) != present.get(path))
        if not paths:
            return ()
        counts = await self._counts(base_tree, tree)
        changes: list[FileChange] = []
        for path, name in zip(paths, shown(paths), strict=True):
            added, removed = counts.get(path, (0, 0))
            status = (
                "added" if path not in base else "deleted" if path not in present else "modified"
            )
            changes.append(FileChange(path=name, status=status, added=added, removed=removed))
        return tuple(changes)

    async def _counts(self, base_tree: str, tree: str) -> dict[str, tuple[int | None, int | None]]:
        output = await self._store.git.run(
            "diff-tree", "--numstat", "-z", *_PLAIN_DIFF, base_tree, tree
        )
        counts: dict[str, tuple[int | None, int | None]] = {}
        for record in output.split(b"\0"):
            if record:
                added, removed, path = record.split(b"\t", 2)
                name = path.decode(errors="surrogateescape")
                counts[name] = (_count(added), _count(removed))
        return counts

    async def _diff(self, base_tree: str, tree: str) -> str:
        arguments = ("diff-tree", "-p", *_PLAIN_DIFF, base_tree, tree)
        content = b""
        async with self._store.git.stream(*arguments) as output:
            while len(content) <= LONGEST_DIFF:
                piece = await output.read(LONGEST_DIFF)
                if not piece:
                    break
                content += piece
        text = (
            content[:LONGEST_DIFF]
            .decode(errors="replace")
            .replace("\0", "\N{REPLACEMENT CHARACTER}")
        )
        if len(content) > LONGEST_DIFF:
            text = text.rpartition("\n")[0] + "\n[The diff goes on; it was cut here.]\n"
        return text


def _count(text: bytes) -> int | None:
    return None if text == b"-" else int(text)

"""Packs of recorded files in the same database as the log that names them."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

from callboard.ports.event_store import Claim
from callboard.ports.tree_packs import PrivateCopy, TreePack
from callboard.stores.relational.access import Access
from callboard.stores.relational.session import Session
from callboard.stores.relational.work import require_force


class StoredTreePacks:
    """`callboard.ports.tree_packs.TreePacks`; shares the event store's connections."""

    def __init__(self, access: Access) -> None:
        self._readers = access.readers
        self._writer = access.writer

    async def note(self, copy: PrivateCopy) -> None:
        """See `TreePacks`."""
        await self._writer.submit(
            lambda session: session.execute(session.sql.NOTE_COPY, asdict(copy))
        )

    async def copy_of(self, root: str) -> PrivateCopy | None:
        """See `TreePacks`."""
        return await self._readers.run(partial(_copy_of, root=root))

    async def move(self, root: str, place: str, claim: Claim) -> PrivateCopy | None:
        """See `TreePacks`."""
        return await self._writer.submit(partial(_move, root=root, place=place, claim=claim))

    async def leave(self, root: str, place: str) -> None:
        """See `TreePacks`."""
        named = {"copy_root": root, "at_place": place}
        await self._writer.submit(lambda session: session.execute(session.sql.LEAVE_COPY, named))

    async def keep(self, root: str, place: str, tree: str, pack: TreePack | None) -> bool:
        """See `TreePacks`."""
        return await self._writer.submit(
            partial(_keep, root=root, place=place, tree=tree, pack=pack)
        )

    async def bases(self, root: str) -> Mapping[str, str]:
        """See `TreePacks`."""
        named = {"copy_root": root}
        return await self._readers.run(
            lambda session: {
                str(tree): str(base)
                for tree, base in session.execute(session.sql.PACK_BASES, named).fetchall()
            }
        )

    async def content(self, root: str, tree: str) -> bytes | None:
        """See `TreePacks`."""
        named = {"copy_root": root, "of_tree": tree}

        def query(session: Session) -> bytes | None:
            found = session.execute(session.sql.PACK_OF, named).fetchone()
            return None if found is None else bytes(found[0])

        return await self._readers.run(query)


def _copy_of(session: Session, root: str) -> PrivateCopy | None:
    found = session.execute(session.sql.COPY_OF, {"copy_root": root}).fetchone()
    if found is None:
        return None
    root, repository, base_commit, base_tree, source, place, tree = found
    return PrivateCopy(root, repository, base_commit, base_tree, place, tree, source)


def _move(session: Session, root: str, place: str, claim: Claim) -> PrivateCopy | None:
    require_force(session, claim)
    session.execute(session.sql.MOVE_COPY, {"copy_root": root, "at_place": place})
    return _copy_of(session, root)


def _keep(session: Session, root: str, place: str, tree: str, pack: TreePack | None) -> bool:
    now = {"copy_root": root, "at_place": place, "of_tree": tree}
    if session.execute(session.sql.COPY_IS_NOW, now).rowcount == 0:
        return False
    if pack is not None:
        session.execute(session.sql.KEEP_PACK, asdict(pack) | {"root": root})
    return True

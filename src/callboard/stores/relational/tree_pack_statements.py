"""The statements about packs of recorded files; see `statements`, which writes them out with the others."""

from sqlalchemy import LargeBinary, Select, Text, bindparam, delete, literal_column, select, update
from sqlalchemy.sql.elements import ClauseElement

from callboard.stores.relational.spelling import upsert
from callboard.stores.tables import private_copy, run, shelf, tree_pack


def tree_packs() -> dict[str, ClauseElement]:
    """Return the statements by name."""
    this_copy = private_copy.c.root == bindparam("copy_root")
    there = private_copy.c.place == bindparam("at_place", type_=Text)
    this_pack = (tree_pack.c.root == bindparam("copy_root")) & (
        tree_pack.c.tree == bindparam("of_tree")
    )
    noted = {column.name: bindparam(column.name, type_=Text) for column in private_copy.c}
    kept = {column.name: bindparam(column.name, type_=column.type) for column in tree_pack.c}
    kept["content"] = bindparam("content", type_=LargeBinary)
    moved = update(private_copy).where(this_copy)
    return {
        "NOTE_COPY": upsert(private_copy).values(noted).on_conflict_do_nothing(),
        "COPY_OF": select(*private_copy.c).where(this_copy),
        "MOVE_COPY": moved.values(place=bindparam("at_place", type_=Text)),
        "LEAVE_COPY": moved.where(there).values(place=literal_column("''", Text)),
        "COPY_IS_NOW": moved.where(there).values(tree=bindparam("of_tree", type_=Text)),
        "KEEP_PACK": upsert(tree_pack).values(kept).on_conflict_do_nothing(),
        "PACK_BASES": select(tree_pack.c.tree, tree_pack.c.base).where(
            tree_pack.c.root == bindparam("copy_root")
        ),
        "FREE_PACKS": delete(tree_pack).where(tree_pack.c.root.in_(_idle())),
        "FREE_COPIES": delete(private_copy).where(private_copy.c.root.in_(_idle())),
        "PACK_OF": select(tree_pack.c.content).where(this_pack),
    }


def _idle() -> Select[tuple[str]]:
    """Return the search for copies that only runs of the archive worked in, and that no other copy was branched from."""
    away = select(shelf.c.run_id)
    branched_from = select(private_copy.c.source).where(private_copy.c.source.is_not(None))
    return select(private_copy.c.root).where(
        private_copy.c.root.in_(select(run.c.workspace).where(run.c.run_id.in_(away))),
        private_copy.c.root.not_in(select(run.c.workspace).where(run.c.run_id.not_in(away))),
        private_copy.c.root.not_in(branched_from),
    )

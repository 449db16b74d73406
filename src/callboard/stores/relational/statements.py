"""Every statement of the stores, built with SQLAlchemy Core and written out as text for each database.

SQLAlchemy takes a third of a second to import, a whole store a few milliseconds to open. So the
statements are compiled when this file changes, not when a command starts:

    python -m callboard.stores.relational.statements

writes `sqlite/sql.py`, `postgres/sql.py`, and `wording.py`, which says what there is; a test holds them equal.
Only migrations and that test import SQLAlchemy.
"""

import sys
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Integer,
    Text,
    bindparam,
    exists,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ClauseElement

from callboard.stores.relational.limit_statements import limits
from callboard.stores.relational.operations_statements import operations
from callboard.stores.relational.record_statements import beside_the_log
from callboard.stores.relational.rows import STANDING
from callboard.stores.relational.shelf_statements import shelves
from callboard.stores.relational.spelling import flag, listed, upsert
from callboard.stores.relational.statement import Statement, Statements, insert
from callboard.stores.relational.thread_statements import CLAIM, threads, tree
from callboard.stores.relational.tree_pack_statements import tree_packs
from callboard.stores.relational.unattended_statements import unattended
from callboard.stores.tables import (
    attempt,
    blob,
    event,
    mark,
    run,
    signal,
)

_FIXED: Final = {
    "run_id",
    "root_id",
    "parent_id",
    "kind",
    "subject",
    "title",
    "model",
    "workspace",
    "space",
    "task",
    "digest",
    "created_at",
}

_projection: Final = [column for column in run.c if column.name not in CLAIM]
_sealed: Final = (event.c.run_id, event.c.seq, event.c.body, event.c.hash)
_nothing: Final = literal_column("NULL", Text)
_one: Final = literal_column("1", Integer)
_none: Final = literal_column("0", Integer)
_yes: Final = true()


def _append(*, same_standing: bool) -> Statement:
    """Return the fenced update. Most batches leave a run's standing as it is: the statement for those
    touches no indexed column, and matches no row where the standing is another one.
    """
    moving = [c.name for c in run.c if c.name not in _FIXED | CLAIM]
    fenced = update(run).where(
        run.c.run_id == bindparam("run_id"),
        run.c.epoch == bindparam("epoch"),
        run.c.head == bindparam("expected_head"),
    )
    if same_standing:
        moving = [name for name in moving if name not in STANDING]
        fenced = fenced.where(
            *(run.c[name].is_not_distinct_from(bindparam(name)) for name in STANDING)
        )
    return Statement(fenced, [*moving, "head", "head_hash"])


def _marked() -> Statement:
    """Return the insertion of a mark. Where somebody took the last event away by hand, its position is there once
    more.
    """
    names = [column.name for column in mark.c]
    inserted = upsert(mark)
    again = inserted.on_conflict_do_update(
        index_elements=["root_id", "position"],
        set_={name: inserted.excluded[name] for name in names[2:]},
    )
    return Statement(again, names)


def _rows() -> Statement:
    wanted = select(*_projection).where(
        (~flag("root_only")) | run.c.parent_id.is_(None),
        (flag("any_status")) | run.c.status.in_(listed("statuses")),
        (flag("any_space")) | run.c.space.in_(listed("spaces")),
        (flag("any_task")) | (run.c.task == bindparam("task")),
        (flag("any_step")) | (run.c.step == bindparam("step")),
        (flag("any_age"))
        | (run.c.created_at < bindparam("created_before"))
        | (
            (run.c.created_at == bindparam("created_before"))
            & (run.c.run_id < bindparam("id_before"))
        ),
    )
    newest = wanted.order_by(run.c.created_at.desc(), run.c.run_id.desc())
    return Statement(newest.limit(bindparam("limit")).offset(_none))


def _read_tree() -> Statement:
    below = select(*_sealed).where(event.c.run_id.in_(select(tree().c.run_id)))
    return Statement(below.order_by(event.c.position))


def _claims() -> Statements:
    this_run, this_epoch = run.c.run_id == bindparam("run_id"), run.c.epoch == bindparam("epoch")
    columns = (run.c.epoch, run.c.owner, run.c.head, run.c.head_hash)
    ours = run.c.owner == bindparam("us")
    taken = update(run).where(this_run).values(epoch=run.c.epoch + _one)
    unfinished = select(run.c.run_id, run.c.owner).where(
        run.c.parent_id.is_(None), run.c.status.in_(listed("statuses"))
    )
    return {
        "CREATE": insert(run, ignore=True),
        "STAND": Statement(select(*columns).where(this_run)),
        "TAKE": Statement(taken, ["owner"]),
        "RELEASE": Statement(update(run).where(this_run, this_epoch, ours).values(owner=_nothing)),
        "ABANDON": Statement(update(run).where(this_run, ours).values(owner=_nothing)),
        "UNFINISHED": Statement(unfinished.order_by(run.c.created_at, run.c.run_id)),
    }


def _logs() -> Statements:
    own = select(*_sealed).where(
        event.c.run_id == bindparam("run_id"), event.c.seq > bindparam("after")
    )
    contents = select(blob.c.sha256, blob.c.content).where(blob.c.sha256.in_(listed("wanted")))
    return {
        "APPEND": _append(same_standing=True),
        "APPEND_STANDING": _append(same_standing=False),
        "INSERT_EVENT": insert(event),
        "MARK": _marked(),
        "INSERT_BLOB": insert(blob, ignore=True),
        "READ": Statement(own.order_by(event.c.seq)),
        "READ_TREE": _read_tree(),
        "BLOBS": Statement(contents),
    }


def _projections() -> Statements:
    one = select(*_projection).where(run.c.run_id == bindparam("run_id"))
    children = select(*_projection).where(run.c.parent_id == bindparam("run_id"))
    return {
        "ROW": Statement(one),
        "ROWS": _rows(),
        "CHILDREN": Statement(children.order_by(run.c.created_at, run.c.run_id)),
    }


def _attempts() -> Statements:
    names = [column.name for column in attempt.c]
    inserted = upsert(attempt)
    upserted = inserted.on_conflict_do_update(
        index_elements=["run_id"],
        set_={name: inserted.excluded[name] for name in names if name != "run_id"},
    )
    served = (
        *(run.c.run_id, run.c.space, run.c.task, run.c.step, run.c.subject, run.c.digest),
        *(run.c.model, run.c.status, run.c.known_nano_usd, run.c.has_unknown_cost),
        *(run.c.input_tokens, run.c.output_tokens, run.c.created_at, run.c.ended_at),
    )
    settled = (attempt.c.judge, attempt.c.outcome, attempt.c.judged, attempt.c.sent_back_by)
    found = (
        select(*served, *settled)
        .select_from(run.outerjoin(attempt, attempt.c.run_id == run.c.run_id))
        .where(
            run.c.step.is_not(_nothing),
            run.c.kind == literal_column("'agent'", Text),
            (flag("any_space")) | run.c.space.in_(listed("spaces")),
            run.c.created_at >= bindparam("since"),
            run.c.created_at < bindparam("until"),
            (flag("any_agent")) | (run.c.subject == bindparam("agent")),
        )
    )
    return {
        "SETTLE_ATTEMPT": Statement(upserted, names),
        "ATTEMPTS": Statement(found.order_by(run.c.created_at, run.c.run_id)),
    }


def _signals() -> Statements:
    columns = [c for c in signal.c if c.name not in {"position", "consumed"}]
    pending = select(*columns).where(signal.c.run_id.in_(listed("run_ids")), ~signal.c.consumed)
    consumed = update(signal).where(
        signal.c.run_id == bindparam("run_id"), signal.c.signal_key == bindparam("signal_key")
    )
    return {
        "EXISTS": Statement(select(exists().where(run.c.run_id == bindparam("run_id")))),
        "SIGNAL": insert(signal, ignore=True),
        "SIGNALS": Statement(pending.order_by(signal.c.position)),
        "CONSUME": Statement(consumed.values(consumed=_yes)),
    }


def _others() -> dict[str, ClauseElement]:
    return threads() | limits() | unattended() | operations() | shelves() | tree_packs()


def statements() -> Statements:
    """Return every statement by name."""
    found = {name: Statement(clause) for name, clause in _others().items()}
    log = (_claims(), _logs(), _projections(), _signals(), _attempts())
    parts = (*log, beside_the_log(), found)
    return {name: one for part in parts for name, one in part.items()}


def _dialects() -> dict[str, Dialect]:
    there = postgresql.psycopg.dialect()
    vars(there)["implicit_returning"] = False  # nobody asks for positions that a database chose
    return {"sqlite": sqlite.dialect(paramstyle="named"), "postgres": there}


DIALECTS: Final = _dialects()


def source(database: str) -> str:
    """Return the text of a database's `sql.py`."""
    lines = ['"""The statements of the store. Written by `statements.py`; do not edit."""', ""]
    dialect = DIALECTS[database]
    lines += [f"{name} = {one.text(dialect)!r}" for name, one in statements().items()]
    return "\n".join(lines) + "\n"


def wording() -> str:
    """Return the text of `wording.py`."""
    lines = [
        '"""What every database has words for. Written by `statements.py`; do not edit."""',
        "",
        "from typing import Protocol",
        "",
        "",
        "class Wording(Protocol):",
        '    """The statements of the store, as one kind of database wants them."""',
        "",
    ]
    for name in statements():
        lines += ["    @property", f"    def {name}(self) -> str: ...  # noqa: D102, N802", ""]
    return "\n".join(lines)


def targets() -> dict[Path, str]:
    """Return the files that are written, and their texts."""
    stores = Path(__file__).parent.parent
    found = {stores / database / "sql.py": source(database) for database in DIALECTS}
    return found | {stores / "relational" / "wording.py": wording()}


if __name__ == "__main__":
    for target, text in targets().items():
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
        sys.stderr.write(f"{target.parent.name}/{target.name} written\n")

"""Every statement of the store, built with SQLAlchemy Core and written out to `sql.py`.

SQLAlchemy takes a third of a second to import, the whole store a few milliseconds to open. So the
statements are compiled when this file changes, not when a command starts:

    python -m callboard.stores.sqlite.statements

writes `sql.py`; a test holds the two equal. Only migrations and that test import SQLAlchemy.
"""

import sys
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.selectable import ScalarSelect

from callboard.stores.sqlite.thread_statements import CLAIM, threads
from callboard.stores.tables import (
    anchor,
    attempt,
    audit,
    audit_record,
    blob,
    budget,
    checkpoint,
    credential,
    event,
    mark,
    record,
    release,
    reservation,
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
_STANDING: Final = (
    "status",
    "waiting_for",
    "waiting_on",
    "waiting_since",
    "waiting_until",
    "ended_at",
    "step",
)

_projection: Final = [column for column in run.c if column.name not in CLAIM]
_sealed: Final = (event.c.run_id, event.c.seq, event.c.body, event.c.hash)
_nothing: Final = literal_column("NULL", Text)
_true: Final = literal_column("1", Integer)
_false: Final = literal_column("0", Integer)


def _listed(name: str) -> ScalarSelect[str]:
    """Return the members of a JSON array parameter, so that a list is one bound value."""
    items = func.json_each(bindparam(name)).table_valued("value")
    return select(items.c.value).scalar_subquery()


def _insert(table: Table, *, ignore: bool = False) -> str:
    names = [column.name for column in table.c if column.name != "position"]
    statement = sqlite.insert(table)
    return _compiled(statement.on_conflict_do_nothing() if ignore else statement, names)


def _compiled(statement: ClauseElement, names: list[str] | None = None) -> str:
    dialect = sqlite.dialect(paramstyle="named")
    return " ".join(str(statement.compile(dialect=dialect, column_keys=names)).split())


def _append(*, same_standing: bool) -> str:
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
        moving = [name for name in moving if name not in _STANDING]
        fenced = fenced.where(
            *(run.c[name].is_not_distinct_from(bindparam(name)) for name in _STANDING)
        )
    return _compiled(fenced, [*moving, "head", "head_hash"])


def _marked() -> str:
    """Return the insertion of a mark. Where somebody took the last event away by hand, its position is there once
    more.
    """
    names = [column.name for column in mark.c]
    inserted = sqlite.insert(mark)
    again = inserted.on_conflict_do_update(
        index_elements=["root_id", "position"],
        set_={name: inserted.excluded[name] for name in names[2:]},
    )
    return _compiled(again, names)


def _rows() -> str:
    wanted = select(*_projection).where(
        (bindparam("root_only") == _false) | run.c.parent_id.is_(None),
        (bindparam("any_status") == _true) | run.c.status.in_(_listed("statuses")),
        (bindparam("any_space") == _true) | run.c.space.in_(_listed("spaces")),
        (bindparam("any_task") == _true) | (run.c.task == bindparam("task")),
        (bindparam("any_step") == _true) | (run.c.step == bindparam("step")),
        (bindparam("any_age") == _true)
        | (run.c.created_at < bindparam("created_before"))
        | (
            (run.c.created_at == bindparam("created_before"))
            & (run.c.run_id < bindparam("id_before"))
        ),
    )
    newest = wanted.order_by(run.c.created_at.desc(), run.c.run_id.desc())
    return _compiled(newest.limit(bindparam("limit")).offset(literal_column("0")))


def _read_tree() -> str:
    tree = select(bindparam("run_id", type_=Text).label("run_id")).cte("tree", recursive=True)
    tree = tree.union_all(select(run.c.run_id).where(run.c.parent_id == tree.c.run_id))
    below = select(*_sealed).where(event.c.run_id.in_(select(tree.c.run_id)))
    return _compiled(below.order_by(event.c.position))


def _claims() -> dict[str, str]:
    this_run, this_epoch = run.c.run_id == bindparam("run_id"), run.c.epoch == bindparam("epoch")
    columns = (run.c.epoch, run.c.owner, run.c.head, run.c.head_hash)
    ours = run.c.owner == bindparam("us")
    taken = update(run).where(this_run).values(epoch=run.c.epoch + _true)
    unfinished = select(run.c.run_id, run.c.owner).where(
        run.c.parent_id.is_(None), run.c.status.in_(_listed("statuses"))
    )
    return {
        "CREATE": _insert(run, ignore=True),
        "STAND": _compiled(select(*columns).where(this_run)),
        "TAKE": _compiled(taken, ["owner"]),
        "RELEASE": _compiled(update(run).where(this_run, this_epoch, ours).values(owner=_nothing)),
        "ABANDON": _compiled(update(run).where(this_run, ours).values(owner=_nothing)),
        "UNFINISHED": _compiled(unfinished.order_by(run.c.created_at, run.c.run_id)),
    }


def _logs() -> dict[str, str]:
    own = select(*_sealed).where(
        event.c.run_id == bindparam("run_id"), event.c.seq > bindparam("after")
    )
    contents = select(blob.c.sha256, blob.c.content).where(blob.c.sha256.in_(_listed("wanted")))
    return {
        "APPEND": _append(same_standing=True),
        "APPEND_STANDING": _append(same_standing=False),
        "INSERT_EVENT": _insert(event),
        "MARK": _marked(),
        "INSERT_BLOB": _insert(blob, ignore=True),
        "READ": _compiled(own.order_by(event.c.seq)),
        "READ_TREE": _read_tree(),
        "BLOBS": _compiled(contents),
    }


def _projections() -> dict[str, str]:
    one = select(*_projection).where(run.c.run_id == bindparam("run_id"))
    children = select(*_projection).where(run.c.parent_id == bindparam("run_id"))
    return {
        "ROW": _compiled(one),
        "ROWS": _rows(),
        "CHILDREN": _compiled(children.order_by(run.c.created_at, run.c.run_id)),
    }


def _attempts() -> dict[str, str]:
    names = [column.name for column in attempt.c]
    inserted = sqlite.insert(attempt)
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
            (bindparam("any_space") == _true) | run.c.space.in_(_listed("spaces")),
            run.c.created_at >= bindparam("since"),
            run.c.created_at < bindparam("until"),
            (bindparam("any_agent") == _true) | (run.c.subject == bindparam("agent")),
        )
    )
    return {
        "SETTLE_ATTEMPT": _compiled(upserted, names),
        "ATTEMPTS": _compiled(found.order_by(run.c.created_at, run.c.run_id)),
    }


def _signals() -> dict[str, str]:
    columns = [c for c in signal.c if c.name not in {"position", "consumed"}]
    pending = select(*columns).where(
        signal.c.run_id.in_(_listed("run_ids")), signal.c.consumed == _false
    )
    consumed = update(signal).where(
        signal.c.run_id == bindparam("run_id"), signal.c.signal_key == bindparam("signal_key")
    )
    return {
        "EXISTS": _compiled(select(exists().where(run.c.run_id == bindparam("run_id")))),
        "SIGNAL": _insert(signal, ignore=True),
        "SIGNALS": _compiled(pending.order_by(signal.c.position)),
        "CONSUME": _compiled(consumed.values(consumed=_true)),
    }


def _releases() -> dict[str, str]:
    this_agent = and_(
        release.c.publisher == bindparam("publisher"), release.c.agent == bindparam("agent")
    )
    newest = (release.c.major.desc(), release.c.minor.desc(), release.c.patch.desc())
    every = select(release).order_by(release.c.publisher, release.c.agent, *newest)
    by_id = select(release).where(release.c.agent == bindparam("agent"))
    yanked = update(release).where(this_agent, release.c.version == bindparam("version"))
    return {
        "RELEASE_AGENT": _insert(release),
        "RELEASES_OF": _compiled(select(release).where(this_agent).order_by(*newest)),
        "RELEASES_BY_ID": _compiled(by_id.order_by(release.c.publisher, *newest)),
        "RELEASES": _compiled(every),
        "YANK": _compiled(yanked.values(yanked=_true)),
    }


def _budgets() -> dict[str, str]:
    this = budget.c.account == bindparam("name")
    every = select(budget).order_by(budget.c.account)
    opened = sqlite.insert(budget)
    upserted = opened.on_conflict_do_update(
        index_elements=["account"], set_={"limit_nano": opened.excluded.limit_nano}
    )
    by_key = reservation.c.reservation_key == bindparam("key")
    held = select(reservation.c.account, reservation.c.amount_nano).where(by_key)
    others = select(reservation.c.reservation_key, reservation.c.owner).where(
        reservation.c.account.in_(_listed("names")), reservation.c.owner != bindparam("us")
    )
    return {
        "BUDGETS": _compiled(every.where(budget.c.account.in_(_listed("names")))),
        "EVERY_BUDGET": _compiled(every),
        "OPEN_BUDGET": _insert(budget, ignore=True),
        "SET_BUDGET": _compiled(upserted, [column.name for column in budget.c]),
        "MOVE_BUDGET": _compiled(update(budget).where(this), ["spent_nano", "reserved_nano"]),
        "REMOVE_BUDGET": _compiled(delete(budget).where(this)),
        "RESERVE": _insert(reservation),
        "RESERVED": _compiled(held),
        "RESERVED_BY_OTHERS": _compiled(others.distinct()),
        "UNRESERVE": _compiled(delete(reservation).where(by_key)),
    }


def _credentials() -> dict[str, str]:
    this = and_(credential.c.name == bindparam("name"), credential.c.scope == bindparam("scope"))
    replaced = update(credential).where(this, credential.c.version == bindparam("replacing"))
    changing = [c.name for c in credential.c if c.name not in {"name", "scope", "created_at"}]
    used = update(credential).where(this, credential.c.version == bindparam("version"))
    every = select(credential).order_by(credential.c.name, credential.c.scope)
    return {
        "ADD_CREDENTIAL": _insert(credential, ignore=True),
        "REPLACE_CREDENTIAL": _compiled(replaced, changing),
        "CREDENTIAL": _compiled(select(credential).where(this)),
        "CREDENTIALS": _compiled(every),
        "CREDENTIAL_USED": _compiled(used, ["last_used_at"]),
        "REWRAP_CREDENTIAL": _compiled(update(credential).where(this), ["wrapped_key"]),
        "REMOVE_CREDENTIAL": _compiled(delete(credential).where(this)),
    }


def _anchors() -> dict[str, str]:
    leaves = select(anchor.c.run_id, anchor.c.seq, anchor.c.hash).order_by(anchor.c.position)
    later = leaves.limit(literal_column("-1")).offset(bindparam("after", type_=Integer))
    noted = select(checkpoint.c.note, checkpoint.c.frontier).where(
        checkpoint.c.size == bindparam("size")
    )
    return {
        "ANCHOR": _insert(anchor, ignore=True),
        "ANCHORS": _compiled(later),
        "ANCHOR_COUNT": _compiled(select(func.count()).select_from(anchor)),
        "KEEP_CHECKPOINT": _insert(checkpoint, ignore=True),
        "CHECKPOINT": _compiled(noted),
        "CHECKPOINT_SIZES": _compiled(select(checkpoint.c.size).order_by(checkpoint.c.size)),
    }


def _found_records(*, newest_first: bool) -> str:
    kept = (record.c.body, record.c.revision, record.c.position)
    place, after = record.c.position, bindparam("after", type_=Integer)
    found = select(*kept).where(
        record.c.kind == bindparam("kind"),
        (bindparam("any_key") == _true)
        | record.c.name.between(bindparam("prefix"), bindparam("beyond")),
        (bindparam("any_space") == _true) | record.c.space.in_(_listed("spaces")),
        (bindparam("any_state") == _true) | record.c.state.in_(_listed("states")),
        place < after if newest_first else place > after,
    )
    by_age = found.order_by(place.desc() if newest_first else place)
    return _compiled(by_age.limit(bindparam("limit")).offset(literal_column("0")))


def _records() -> dict[str, str]:
    this = and_(record.c.kind == bindparam("kind"), record.c.name == bindparam("name"))
    standing = and_(this, record.c.revision == bindparam("expected"))
    counted = update(record).where(standing).values(revision=record.c.revision + _true)
    seen = select(record.c.revision, record.c.body, record.c.space).where(this)
    return {
        "RECORD": _compiled(
            select(record.c.body, record.c.revision, record.c.position).where(this)
        ),
        "RECORD_STANDS": _compiled(seen),
        "RECORDS_OLDEST_FIRST": _found_records(newest_first=False),
        "RECORDS_NEWEST_FIRST": _found_records(newest_first=True),
        "ADD_RECORD": _insert(record, ignore=True),
        "REPLACE_RECORD": _compiled(counted, ["space", "state", "body"]),
        "REMOVE_RECORD": _compiled(delete(record).where(standing)),
    }


def _audits() -> dict[str, str]:
    entry = select(audit.c.position, audit.c.body, audit.c.hash)
    of_record = exists(audit_record).where(
        audit_record.c.kind == bindparam("kind"),
        audit_record.c.name == bindparam("name"),
        audit_record.c.entry == audit.c.position,
    )
    wanted = entry.where(
        (bindparam("any_record") == _true) | of_record,
        (bindparam("any_actor") == _true) | (audit.c.actor == bindparam("actor")),
        (bindparam("any_space") == _true) | audit.c.space.in_(_listed("spaces")),
        audit.c.position < bindparam("before", type_=Integer),
    )
    newest = wanted.order_by(audit.c.position.desc()).limit(bindparam("limit"))
    last = select(audit.c.position, audit.c.hash).order_by(audit.c.position.desc())
    return {
        "AUDIT": _compiled(sqlite.insert(audit), [column.name for column in audit.c]),
        "AUDIT_RECORD": _insert(audit_record, ignore=True),
        "AUDIT_LAST": _compiled(last.limit(literal_column("1")).offset(literal_column("0"))),
        "AUDITED": _compiled(newest.offset(literal_column("0"))),
        "AUDIT_LOG": _compiled(entry.order_by(audit.c.position)),
    }


def source() -> str:
    """Return the text of `sql.py`."""
    lines = [
        '"""The statements of the store. Written by `statements.py`; do not edit."""',
        "",
    ]
    statements = _claims() | _logs() | _projections() | _signals() | _releases() | _credentials()
    found = {name: _compiled(statement) for name, statement in threads().items()}
    for name, text in (
        statements | _anchors() | _budgets() | _records() | _audits() | _attempts() | found
    ).items():
        lines.append(f'{name} = "{text}"')
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    target = Path(__file__).with_name("sql.py")
    target.write_text(source(), encoding="utf-8")
    sys.stderr.write(f"{target.name} written\n")

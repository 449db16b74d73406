"""The statements about what lies beside the log; see `statements`, which writes them out with the others."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    true,
    update,
)

from callboard.stores.relational.spelling import BEYOND, flag, listed, upsert
from callboard.stores.relational.statement import Statement, Statements, insert
from callboard.stores.tables import (
    anchor,
    audit,
    audit_record,
    budget,
    checkpoint,
    credential,
    record,
    release,
    reservation,
)

_one: Final = literal_column("1", Integer)
_none: Final = literal_column("0", Integer)
_yes: Final = true()


def beside_the_log() -> Statements:
    """Return the statements by name."""
    parts = (_releases(), _credentials(), _anchors(), _budgets(), _records(), _audits())
    return {name: one for part in parts for name, one in part.items()}


def _releases() -> Statements:
    this_agent = and_(
        release.c.publisher == bindparam("publisher"), release.c.agent == bindparam("agent")
    )
    newest = (release.c.major.desc(), release.c.minor.desc(), release.c.patch.desc())
    every = select(release).order_by(release.c.publisher, release.c.agent, *newest)
    by_id = select(release).where(release.c.agent == bindparam("agent"))
    yanked = update(release).where(this_agent, release.c.version == bindparam("version"))
    return {
        "RELEASE_AGENT": insert(release),
        "RELEASES_OF": Statement(select(release).where(this_agent).order_by(*newest)),
        "RELEASES_BY_ID": Statement(by_id.order_by(release.c.publisher, *newest)),
        "RELEASES": Statement(every),
        "YANK": Statement(yanked.values(yanked=_yes)),
    }


def _budgets() -> Statements:
    this = budget.c.account == bindparam("name")
    every = select(budget).order_by(budget.c.account)
    opened = upsert(budget)
    upserted = opened.on_conflict_do_update(
        index_elements=["account"], set_={"limit_nano": opened.excluded.limit_nano}
    )
    by_key = reservation.c.reservation_key == bindparam("key")
    held = select(reservation.c.account, reservation.c.amount_nano).where(by_key)
    others = select(reservation.c.reservation_key, reservation.c.owner).where(
        reservation.c.account.in_(listed("names")), reservation.c.owner != bindparam("us")
    )
    ours = select(reservation.c.amount_nano).where(by_key, reservation.c.owner == bindparam("us"))
    return {
        "BUDGETS": Statement(every.where(budget.c.account.in_(listed("names")))),
        "EVERY_BUDGET": Statement(every),
        "OPEN_BUDGET": insert(budget, ignore=True),
        "SET_BUDGET": Statement(upserted, [column.name for column in budget.c]),
        "MOVE_BUDGET": Statement(update(budget).where(this), ["spent_nano", "reserved_nano"]),
        "REMOVE_BUDGET": Statement(delete(budget).where(this)),
        "RESERVE": insert(reservation),
        "RESERVED": Statement(held),
        "RESERVED_BY_US": Statement(ours),
        "RESERVED_BY_OTHERS": Statement(others.distinct()),
        "UNRESERVE": Statement(delete(reservation).where(by_key)),
    }


def _credentials() -> Statements:
    this = and_(credential.c.name == bindparam("name"), credential.c.scope == bindparam("scope"))
    replaced = update(credential).where(this, credential.c.version == bindparam("replacing"))
    changing = [c.name for c in credential.c if c.name not in {"name", "scope", "created_at"}]
    used = update(credential).where(this, credential.c.version == bindparam("version"))
    every = select(credential).order_by(credential.c.name, credential.c.scope)
    return {
        "ADD_CREDENTIAL": insert(credential, ignore=True),
        "REPLACE_CREDENTIAL": Statement(replaced, changing),
        "CREDENTIAL": Statement(select(credential).where(this)),
        "CREDENTIALS": Statement(every),
        "CREDENTIAL_USED": Statement(used, ["last_used_at"]),
        "REWRAP_CREDENTIAL": Statement(update(credential).where(this), ["wrapped_key"]),
        "REMOVE_CREDENTIAL": Statement(delete(credential).where(this)),
    }


def _anchors() -> Statements:
    leaves = select(anchor.c.run_id, anchor.c.seq, anchor.c.hash).order_by(anchor.c.position)
    later = leaves.limit(BEYOND).offset(bindparam("after", type_=BigInteger))
    noted = select(checkpoint.c.note, checkpoint.c.frontier).where(
        checkpoint.c.size == bindparam("size")
    )
    return {
        "ANCHOR": insert(anchor, ignore=True),
        "ANCHORS": Statement(later),
        "ANCHOR_COUNT": Statement(select(func.count()).select_from(anchor)),
        "KEEP_CHECKPOINT": insert(checkpoint, ignore=True),
        "CHECKPOINT": Statement(noted),
        "CHECKPOINT_SIZES": Statement(select(checkpoint.c.size).order_by(checkpoint.c.size)),
    }


def _found_records(*, newest_first: bool, in_states: bool = False) -> Statement:
    """Return the search for records of a kind. Most looks are for the few in some state: by the index of states, and not
    by that of ages, which a sum is not found in.
    """
    kept = (record.c.body, record.c.revision, record.c.position)
    place: ColumnElement[int] = record.c.position + _none if in_states else record.c.position
    after = bindparam("after", type_=BigInteger)
    in_state = record.c.state.in_(listed("states"))
    found = select(*kept).where(
        record.c.kind == bindparam("kind"),
        (flag("any_key")) | record.c.name.between(bindparam("prefix"), bindparam("beyond")),
        (flag("any_space")) | record.c.space.in_(listed("spaces")),
        in_state if in_states else flag("any_state") | in_state,
        place < after if newest_first else place > after,
    )
    by_age = found.order_by(place.desc() if newest_first else place)
    return Statement(by_age.limit(bindparam("limit")).offset(_none))


def _records() -> Statements:
    this = and_(record.c.kind == bindparam("kind"), record.c.name == bindparam("name"))
    standing = and_(this, record.c.revision == bindparam("expected"))
    counted = update(record).where(standing).values(revision=record.c.revision + _one)
    seen = select(record.c.revision, record.c.body, record.c.space).where(this)
    return {
        "RECORD": Statement(
            select(record.c.body, record.c.revision, record.c.position).where(this)
        ),
        "RECORD_STANDS": Statement(seen),
        "RECORDS_OLDEST_FIRST": _found_records(newest_first=False),
        "RECORDS_NEWEST_FIRST": _found_records(newest_first=True),
        "RECORDS_IN_STATES": _found_records(newest_first=False, in_states=True),
        "ADD_RECORD": insert(record, ignore=True),
        "REPLACE_RECORD": Statement(counted, ["space", "state", "body"]),
        "REMOVE_RECORD": Statement(delete(record).where(standing)),
    }


def _audits() -> Statements:
    entry = select(audit.c.position, audit.c.body, audit.c.hash)
    of_record = exists(audit_record).where(
        audit_record.c.kind == bindparam("kind"),
        audit_record.c.name == bindparam("name"),
        audit_record.c.entry == audit.c.position,
    )
    wanted = entry.where(
        (flag("any_record")) | of_record,
        (flag("any_actor")) | (audit.c.actor == bindparam("actor")),
        (flag("any_space")) | audit.c.space.in_(listed("spaces")),
        audit.c.position < bindparam("before", type_=BigInteger),
    )
    newest = wanted.order_by(audit.c.position.desc()).limit(bindparam("limit"))
    last = select(audit.c.position, audit.c.hash).order_by(audit.c.position.desc())
    return {
        "AUDIT": Statement(upsert(audit), [column.name for column in audit.c]),
        "AUDIT_RECORD": insert(audit_record, ignore=True),
        "AUDIT_LAST": Statement(last.limit(_one).offset(_none)),
        "AUDITED": Statement(newest.offset(_none)),
        "AUDIT_LOG": Statement(entry.order_by(audit.c.position)),
    }

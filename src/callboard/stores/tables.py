"""The tables of the event store, the same on every database.

Times are RFC 3339 text in UTC with microseconds, so that they sort; money is integer nano-dollars, so
that sums are exact. Bodies are bytes: their hash is over exactly these bytes.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

_Position = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the key's type is spelt INTEGER."""

run = Table(
    "run",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("root_id", Text, nullable=False),
    Column("parent_id", Text),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("model", Text),
    Column("workspace", Text, nullable=False),
    Column("space", Text, nullable=False, server_default=""),
    Column("task", Text),
    Column("digest", Text),
    Column("step", Text),
    Column("turns", Integer, nullable=False),
    Column("tool_calls", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("known_nano_usd", BigInteger, nullable=False),
    Column("has_unknown_cost", Boolean, nullable=False),
    Column("waiting_for", Text),
    Column("waiting_on", Text),
    Column("waiting_since", Text),
    Column("waiting_until", Text),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", Text),
    Column("head", BigInteger, nullable=False),
    Column("head_hash", Text, nullable=False),
    Index("run_by_parent", "parent_id", "created_at"),
    Index("run_by_age", "created_at", "run_id"),
    Index("run_by_status", "status"),
    Index("run_by_task", "task"),
    Index("run_by_deadline", "status", "waiting_until"),
    Index("run_by_need", "status", "waiting_on"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("judge", Boolean, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("judged", Boolean, nullable=False),
    Column("sent_back_by", Text),
)

event = Table(
    "event",
    metadata,
    Column("position", _Position, primary_key=True),
    Column(
        "run_id", Text, nullable=False
    ),  # the fenced update before it proves that the run exists
    Column("seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("run_id", "seq", name="event_run_seq"),
)

mark = Table(
    "mark",
    metadata,
    Column("root_id", Text, primary_key=True),
    Column("position", _Position, primary_key=True, autoincrement=False),
    Column("run_id", Text, nullable=False),
    Column("facets", Integer, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    Column("nano_usd", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
    sqlite_with_rowid=False,  # the threads lie side by side, each in the order of its events
)

blob = Table(
    "blob",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

release = Table(
    "release",
    metadata,
    Column("publisher", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("major", Integer, nullable=False),
    Column("minor", Integer, nullable=False),
    Column("patch", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("definition", LargeBinary, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("published_at", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("yanked", Boolean, nullable=False),
    Index("release_by_agent", "agent"),
)

credential = Table(
    "credential",
    metadata,
    Column("name", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("base_url", Text),
    Column("version", Integer, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("rotated_at", Text),
    Column("last_used_at", Text),
    Index("credential_by_provider", "provider"),
)

anchor = Table(
    "anchor",
    metadata,
    Column("position", _Position, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("at", Text, nullable=False),
    UniqueConstraint("run_id", "seq", name="anchor_run_seq"),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)

owner = Table(
    "owner",
    metadata,
    Column("name", Text, primary_key=True),
    Column("place", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
)

compatible = Table("compatible", metadata, Column("oldest", Text, primary_key=True))

budget = Table(
    "budget",
    metadata,
    Column("account", Text, primary_key=True),
    Column("limit_nano", BigInteger, nullable=False),
    Column("spent_nano", BigInteger, nullable=False),
    Column("reserved_nano", BigInteger, nullable=False),
)

reservation = Table(
    "reservation",
    metadata,
    Column("reservation_key", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("amount_nano", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Index("reservation_by_account", "account"),
)

cap = Table(
    "cap",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at_once", Integer),
    Column("per_minute", Integer),
    Column("burst", Integer),
    Column("level_micro", BigInteger, nullable=False),  # what is left, in millionths of a request
    Column("filled_us", BigInteger, nullable=False),  # since 1970, by the clock of the store
)

slot = Table(
    "slot",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Index("slot_by_holder", "holder"),
)

# Who told which room it holds, and "" for nobody, once all have.
told_room = Table("told_room", metadata, Column("owner", Text, primary_key=True))

record = Table(
    "record",
    metadata,
    Column("position", _Position, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("space", Text),
    Column("state", Text),
    Column("revision", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("kind", "name", name="record_kind_name"),
    Index("record_by_age", "kind", "position"),
    Index("record_by_state", "kind", "state"),
)

audit = Table(
    "audit",
    metadata,
    Column("position", _Position, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("space", Text),
    Column("body", LargeBinary, nullable=False),
    Column("hash", Text, nullable=False),
)

audit_record = Table(
    "audit_record",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("entry", BigInteger, ForeignKey("audit.position"), primary_key=True),
)

signal = Table(
    "signal",
    metadata,
    Column("position", _Position, primary_key=True),
    Column("run_id", Text, ForeignKey("run.run_id"), nullable=False),
    Column("signal_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("consumed", Boolean, nullable=False),
    UniqueConstraint("run_id", "signal_key", name="signal_run_key"),
    Index("signal_pending", "run_id", "consumed"),
)

shelf = Table(
    "shelf",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("at", Text, nullable=False),
    Index("shelf_by_file", "file"),
)

private_copy = Table(
    "private_copy",
    metadata,
    Column("root", Text, primary_key=True),
    Column("repository", Text, nullable=False),
    Column("base_commit", Text, nullable=False),
    Column("base_tree", Text, nullable=False),
    Column("source", Text),  # the copy that this one was branched from
    Column("place", Text, nullable=False),  # where it is worked on
    Column("tree", Text, nullable=False),  # what it was when it was last recorded there
)

tree_pack = Table(
    "tree_pack",
    metadata,
    Column("root", Text, primary_key=True),
    Column("tree", Text, primary_key=True),
    Column("base", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

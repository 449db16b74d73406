"""What the audit log says of a change, and how its entries hang together."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from pydantic import JsonValue

from callboard.domain.actor import Actor
from callboard.domain.record import AuditEntry, Change, Difference, Kind, Put, Write

GENESIS: Final = hashlib.sha256(b"callboard audit log").hexdigest()
"""The hash before the first entry."""

_CHANGED: Final = "(changed)"


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it is stored: `body` is what its hash covers, `records` what it is found by."""

    body: bytes
    hash: str
    actor: str
    space: str | None
    records: tuple[tuple[str, str], ...]


def written(
    change: Change,
    before: Mapping[tuple[str, str], bytes | None],
    previous: str,
    spaces: Sequence[str | None] = (),
) -> Written:
    """Return the entry of a change. `before` holds the records as they were, `previous` the hash of the entry
    before, `spaces` those that the records belonged to.
    """
    differences = [
        _difference(write, before.get((write.kind, write.key))) for write in change.writes
    ]
    now_in = [write.space for write in change.writes if isinstance(write, Put)]
    space = next((one for one in (*now_in, *spaces) if one is not None), None)
    document = {
        "at": change.at.isoformat(),
        "actor": {"kind": change.actor.kind, "name": change.actor.name},
        "action": change.action,
        "space": space,
        "note": change.note,
        "changes": differences,
    }
    body = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
    return Written(
        body,
        entry_hash(previous, body),
        account(change.actor),
        space,
        tuple((write.kind, write.key) for write in change.writes),
    )


def entry_hash(previous: str, body: bytes) -> str:
    """Return the hash of an entry that follows the one whose hash is `previous`."""
    return hashlib.sha256(previous.encode() + b"\n" + body).hexdigest()


def account(actor: Actor) -> str:
    """Return an actor as one word: `kind:name`."""
    return f"{actor.kind}:{actor.name}"


def read_entry(position: int, body: bytes, hash_: str) -> AuditEntry:
    """Return an entry from what is stored.

    Raises:
        ValueError: it is not readable.
    """
    document = json.loads(body)
    return AuditEntry(
        position,
        datetime.fromisoformat(document["at"]),
        Actor.model_validate(document["actor"]),
        document["action"],
        document["space"],
        tuple(Difference(**one) for one in document["changes"]),
        document["note"],
        hash_,
    )


def _difference(write: Write, before: bytes | None) -> dict[str, JsonValue]:
    """Return a write as the entry tells it: of a change the fields that changed, else the whole record."""
    was = None if before is None else _plain(before)
    now = _plain(write.body) if isinstance(write, Put) else None
    if was is not None and now is not None:
        same = {name for name in was.keys() & now.keys() if was[name] == now[name]}
        was = {name: value for name, value in was.items() if name not in same}
        now = {name: value for name, value in now.items() if name not in same}
    return {
        "kind": write.kind,
        "key": write.key,
        "before": _veiled(write.of, was),
        "after": _veiled(write.of, now),
    }


def _plain(body: bytes) -> dict[str, JsonValue]:
    return cast("dict[str, JsonValue]", json.loads(body))


def _veiled(kind: Kind[Any], value: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
    if value is None or not kind.hidden:
        return value
    return {name: _CHANGED if name in kind.hidden else one for name, one in value.items()}

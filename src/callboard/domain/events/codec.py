"""The stored form of an event: one JSON object a line, chained by hashes.

A body is `{"type": …, "run_id": …, "seq": …, "at": …, …payload}`. Its hash is
SHA-256(previous hash ‖ body), so that nothing can be altered, removed or reordered unnoticed. Large
payloads leave the body for blobs, whose address (their own SHA-256) stays in it.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import NamedTuple, TypeVar, cast

from pydantic import BaseModel, TypeAdapter

from callboard.domain.errors import LogCorrupt
from callboard.domain.events.event import BlobRef, Event
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.events.union import AnyEvent, event_adapter
from callboard.domain.message import DEEPEST, ToolOutputs

P = TypeVar("P")

GENESIS = "0" * 64
BLOB_THRESHOLD = 16 * 1024

_TOO_DEEP = "[nested too deeply to be recorded]"

_outputs: TypeAdapter[ToolOutputs] = TypeAdapter(ToolOutputs)


class Recorded(NamedTuple):
    """An event with its place in a log: `seq` counts from 1, `at` is UTC."""

    run_id: str
    seq: int
    at: datetime
    event: AnyEvent


class Sealed(NamedTuple):
    """An event as stored: `body` is the UTF-8 JSON, `hash` the hex digest that chains it."""

    run_id: str
    seq: int
    body: bytes
    hash: str


@dataclass(frozen=True, slots=True)
class Blob:
    """Content addressed by its SHA-256."""

    sha256: str
    content: bytes


def chain_hash(previous: str, body: bytes) -> str:
    """Return the hash of a body that follows an event with hash `previous`."""
    return hashlib.sha256(previous.encode() + body).hexdigest()


@lru_cache(maxsize=256)  # what is stored together has one time, and is asked for it again and again
def timestamp(at: datetime) -> str:
    """Return UTC time as stored: RFC 3339 with microseconds and a Z."""
    if at.tzinfo is not timezone.utc:
        at = at.astimezone(timezone.utc)
    second = _second(at.year, at.month, at.day, at.hour, at.minute, at.second)
    return f"{second}.{at.microsecond:06d}Z"


@lru_cache(maxsize=64)  # thousands of events are of one second; what lists show is of a few more
def _second(*fields: int) -> str:
    """Return a time without what is below its seconds, from the year on."""
    return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*fields)


def seal(recorded: Recorded, previous: str) -> tuple[Sealed, Blob | None]:
    """Return the stored form, and the blob that its payload was moved to, if any."""
    event, blob = recorded.event, None
    try:
        payload = _as_json(event)
    except ValueError:
        # pydantic's word for text that UTF-8 cannot hold, and for JSON that is nested too deeply
        event = _storable(_pruned(event, DEEPEST))
        payload = _as_json(event)
    if len(payload) > BLOB_THRESHOLD:
        event, blob = _offload(event)
        payload = _as_json(event)
    # Ids are [A-Za-z0-9._-] and need no escaping, so the envelope is put together by hand.
    run_id, seq, at, _ = recorded
    head = f'{{"run_id":"{run_id}","seq":{seq},"at":"{timestamp(at)}",'
    body = head.encode() + payload[1:]
    return Sealed(run_id, seq, body, chain_hash(previous, body)), blob


def _as_json(event: AnyEvent) -> bytes:
    # What `model_dump_json` calls, and as bytes: half of its time goes into its arguments.
    return event.__pydantic_serializer__.to_json(event, by_alias=True)


def unseal(sealed: Sealed) -> Recorded:
    """Return the event of a stored body. Payloads in blobs stay references, see `with_blob`.

    Raises:
        LogCorrupt: the body is not an event of a known kind and version.
    """
    try:
        fields = json.loads(sealed.body)
        run_id, seq, at = fields.pop("run_id"), fields.pop("seq"), fields.pop("at")
        return _recorded(run_id, seq, at, event_adapter.validate_python(fields))
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise LogCorrupt(
            f"run {sealed.run_id}, event {sealed.seq}: not a readable event ({error})"
        ) from error


def _recorded(run_id: object, seq: object, at: str, event: AnyEvent) -> Recorded:
    if not isinstance(run_id, str) or not isinstance(seq, int) or isinstance(seq, bool):
        raise TypeError("run_id must be a text and seq a whole number")
    if event.v > event.version:
        raise ValueError(f"{event.type} in version {event.v}: written by a newer release")
    moment = datetime.fromisoformat(at)
    if moment.tzinfo is None:
        raise ValueError("the time has no zone")
    return Recorded(run_id, seq, moment, event)


def blob_of(event: Event) -> BlobRef | None:
    """Return the reference to the payload that this event keeps outside the log, if any."""
    if isinstance(event, ToolCallCompleted | FilesChanged):
        return event.blob
    return None


def with_blob(event: AnyEvent, content: bytes) -> AnyEvent:
    """Return the event with its payload put back.

    Raises:
        LogCorrupt: the content is not what the event refers to.
    """
    ref = blob_of(event)
    if ref is None:
        return event
    if hashlib.sha256(content).hexdigest() != ref.sha256:
        raise LogCorrupt(f"blob {ref.sha256[:12]}… does not hold the content that the log names")
    if isinstance(event, ToolCallCompleted):
        return event.model_copy(update={"output": _read_outputs(content), "blob": None})
    return event.model_copy(update={"diff": content.decode(), "blob": None})


def _read_outputs(content: bytes) -> ToolOutputs:
    # By way of Python's own reader: pydantic's does not go as deep as it writes.
    return _outputs.validate_python(json.loads(content))


def _storable(event: AnyEvent) -> AnyEvent:
    """Return the event with every half of a surrogate pair replaced: no event is lost over a text that
    UTF-8 cannot hold.
    """
    return event_adapter.validate_python(_well_formed(event.model_dump(by_alias=True)))


def _pruned(value: P, deeper: int) -> P:
    """Return a value with words in place of what is nested deeper than so many lists and objects."""
    if isinstance(value, BaseModel):
        fields = {name: _pruned(item, deeper) for name, item in value}
        return value.model_copy(update=fields)
    if isinstance(value, tuple):
        return cast("P", tuple(_pruned(item, deeper) for item in cast("tuple[object, ...]", value)))
    if not isinstance(value, dict | list):
        return value
    if deeper == 0:
        return cast("P", _TOO_DEEP)
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value).items()
        return cast("P", {key: _pruned(item, deeper - 1) for key, item in pairs})
    return cast("P", [_pruned(item, deeper - 1) for item in cast("list[object]", value)])


def _well_formed(value: object) -> object:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value).items()
        return {_well_formed(key): _well_formed(item) for key, item in pairs}
    if isinstance(value, list | tuple):
        return [_well_formed(item) for item in cast("list[object]", value)]
    return value


def _offload(event: AnyEvent) -> tuple[AnyEvent, Blob | None]:
    if isinstance(event, ToolCallCompleted) and event.output is not None:
        field, content = "output", _outputs.dump_json(event.output)
    elif isinstance(event, FilesChanged) and event.diff is not None:
        field, content = "diff", event.diff.encode(errors="replace")
    else:
        return event, None
    if len(content) <= BLOB_THRESHOLD:
        return event, None
    blob = Blob(hashlib.sha256(content).hexdigest(), content)
    ref = BlobRef(sha256=blob.sha256, size=len(content))
    return cast("AnyEvent", event.model_copy(update={field: None, "blob": ref})), blob

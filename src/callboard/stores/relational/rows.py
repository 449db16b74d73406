"""Projections and signals as columns, and back."""

from collections.abc import Sequence
from datetime import datetime, timezone
from functools import cache
from typing import Any, Final, get_args

from pydantic import ValidationError

from callboard.domain.actor import Actor
from callboard.domain.attempt_row import Attempt, AttemptRow
from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import Sealed, timestamp
from callboard.domain.frozen import changed, unchecked
from callboard.domain.run_row import RunRow, RunStatus
from callboard.domain.thread_mark import Mark
from callboard.domain.usage import NANO, Bill, Usage
from callboard.ports.event_store import Signal

Columns = dict[str, str | int | bytes | None]
Record = Sequence[Any]

STANDING: Final = (
    "status",
    "waiting_for",
    "waiting_on",
    "waiting_since",
    "waiting_until",
    "ended_at",
    "step",
)
"""The columns that say how a run stands; most batches leave them as they are."""


def columns_of(row: RunRow) -> Columns:
    """Return a projection as the columns that move with every append."""
    usage, bill = row.usage, row.bill
    return {
        "run_id": row.run_id,
        "status": row.status,
        "turns": row.turns,
        "tool_calls": row.tool_calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "known_nano_usd": int(bill.known_usd.scaleb(9)),
        "has_unknown_cost": bill.has_unknown,
        "waiting_for": row.waiting_for,
        "waiting_on": row.waiting_on,
        "waiting_since": _text(row.waiting_since),
        "waiting_until": _text(row.waiting_until),
        "step": row.step,
        "updated_at": timestamp(row.updated_at),
        "ended_at": _text(row.ended_at),
    }


def first_columns_of(row: RunRow) -> Columns:
    """Return a projection as columns, with those that never change."""
    return columns_of(row) | {
        "root_id": row.root_id,
        "parent_id": row.parent_id,
        "kind": row.kind,
        "subject": row.subject,
        "title": row.title,
        "model": row.model,
        "workspace": row.workspace,
        "space": row.space,
        "task": row.task,
        "digest": row.digest,
        "created_at": timestamp(row.created_at),
    }


def row_of(record: Record) -> RunRow:
    """Return the projection in a record of `ROW`, `ROWS` or `CHILDREN`.

    Raises:
        LogCorrupt: the columns do not hold a projection.
    """
    _check(record)
    (run_id, root_id, parent_id, kind, subject, title, status, model, workspace) = record[:9]
    (space, task, digest, step) = record[9:13]
    (turns, tool_calls, tokens_in, tokens_out, cache_read, cache_write, reasoning) = record[13:20]
    (nano_usd, has_unknown, waiting_for, waiting_on, since, until) = record[20:26]
    (created_at, updated_at, ended_at) = record[26:]
    try:
        return changed(
            _BLANK,
            run_id=run_id,
            root_id=root_id,
            parent_id=parent_id,
            kind=kind,
            subject=subject,
            title=title,
            status=status,
            model=model,
            workspace=workspace,
            space=space,
            task=task,
            digest=digest,
            step=step,
            turns=turns,
            tool_calls=tool_calls,
            usage=unchecked(
                Usage,
                input_tokens=tokens_in,
                output_tokens=tokens_out,
                cache_read_tokens=cache_read,
                cache_write_tokens=cache_write,
                reasoning_tokens=reasoning,
            ),
            bill=unchecked(Bill, known_usd=nano_usd * NANO, has_unknown=bool(has_unknown)),
            waiting_for=waiting_for,
            waiting_on=waiting_on,
            waiting_since=_moment(since),
            waiting_until=_moment(until),
            created_at=datetime.fromisoformat(created_at),
            updated_at=datetime.fromisoformat(updated_at),
            ended_at=_moment(ended_at),
        )
    except (ValueError, ArithmeticError) as error:
        raise LogCorrupt(f"run {run_id}: its projection is not readable ({error})") from error


_NEVER: Final = datetime.min.replace(tzinfo=timezone.utc)
_BLANK: Final = RunRow(
    run_id="",
    kind="agent",
    subject="",
    title="",
    status="running",
    root_id="",
    parent_id=None,
    model=None,
    workspace="",
    created_at=_NEVER,
    updated_at=_NEVER,
)
_WORD: Final = frozenset({str})
_PERHAPS: Final = frozenset({str, type(None)})
_COUNT: Final = frozenset({int})
_FLAG: Final = frozenset({bool, int})
_COLUMNS: Final = (
    *(_WORD, _WORD, _PERHAPS, _WORD, _WORD, _WORD, _WORD, _PERHAPS, _WORD),
    *(_WORD, _PERHAPS, _PERHAPS, _PERHAPS),
    *(_COUNT,) * 8,
    _FLAG,
    *(_PERHAPS,) * 4,
    *(_WORD, _WORD, _PERHAPS),
)
_KINDS: Final = frozenset({"agent", "workflow"})
_STATUSES: Final = frozenset(get_args(RunStatus))


def _check(record: Record) -> None:
    """Refuse columns of another type than we write: lists read thousands, so this looks at types alone.

    Raises:
        LogCorrupt: somebody else wrote them.
    """
    as_written = _as_written(tuple(map(type, record)))
    if not as_written or record[3] not in _KINDS or record[6] not in _STATUSES:
        raise LogCorrupt(f"run {record[0]}: its projection is not readable (a column's type)")


@cache
def _as_written(types: tuple[type, ...]) -> bool:
    """Return whether columns have the types that we write; a list has thousands of lines of a few shapes."""
    return len(types) == len(_COLUMNS) and all(
        one in fitting for one, fitting in zip(types, _COLUMNS, strict=True)
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def attempt_of(record: Record) -> Attempt:
    """Return the attempt in a record of `ATTEMPTS`.

    Raises:
        LogCorrupt: the columns do not hold one.
    """
    (run_id, space, task, step, agent, digest, model, status) = record[:8]
    (nano_usd, has_unknown, tokens_in, tokens_out, began, ended) = record[8:14]
    (judge, outcome, judged, sent_back_by) = record[14:]
    try:
        return Attempt(
            run_id,
            space,
            task,
            step,
            agent,
            digest or "",
            model,
            status,
            None if has_unknown else nano_usd * NANO,
            tokens_in,
            tokens_out,
            datetime.fromisoformat(began),
            _moment(ended),
            None
            if outcome is None
            else AttemptRow(run_id, bool(judge), outcome, bool(judged), sent_back_by),
        )
    except (ValueError, TypeError, ArithmeticError) as error:
        raise LogCorrupt(f"run {run_id}: its attempt is not readable ({error})") from error


def sealed_of(record: Record) -> Sealed:
    """Return the stored event in a record of `READ` or `READ_TREE`."""
    run_id, seq, body, digest = record
    # A body that somebody edited by hand may have become text: still bytes to whoever verifies it.
    return Sealed(run_id, seq, body if isinstance(body, bytes) else str(body).encode(), digest)


def columns_of_mark(root_id: str, position: int, run_id: str, mark: Mark) -> Columns:
    """Return the mark of the event at a position as columns."""
    return {
        "root_id": root_id,
        "position": position,
        "run_id": run_id,
        "facets": mark.facets,
        "took_ms": mark.took_ms,
        "nano_usd": mark.nano_usd,
        "at": timestamp(mark.at),
    }


def columns_of_signal(signal: Signal) -> Columns:
    """Return a signal, not yet consumed, as columns."""
    return {
        "run_id": signal.run_id,
        "signal_key": signal.key,
        "kind": signal.kind,
        "actor_kind": signal.actor.kind,
        "actor_name": signal.actor.name,
        "at": timestamp(signal.at),
        "note": signal.note,
        "consumed": False,
    }


def signal_of(record: Record) -> Signal:
    """Return the signal in a record of `SIGNALS`.

    Raises:
        LogCorrupt: the columns do not hold a signal.
    """
    run_id, key, kind, actor_kind, actor_name, at, note = record
    try:
        actor = Actor(kind=actor_kind, name=actor_name)
        when = datetime.fromisoformat(at)
    except (ValidationError, ValueError, TypeError) as error:
        raise LogCorrupt(f"run {run_id}: signal {key} is not readable ({error})") from error
    return Signal(run_id, key, kind, actor, when, note)

"""The inbox of a person: one entry per task, and first what the most depends on. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from callboard.domain.events.gate import GateOpened
from callboard.domain.org.inbox import InboxMark
from callboard.engine.approvals import who_decides
from callboard.engine.tasks.standing import ago

ItemKind = Literal["sign_off", "approval", "question", "outcome", "budget", "failure", "mention"]

_RANKS: Final[dict[ItemKind, int]] = {
    "sign_off": 0,
    "approval": 0,
    "question": 0,
    "outcome": 0,
    "budget": 0,
    "failure": 1,
    "mention": 2,
}
_LONGEST: Final = 200
_PRESSING: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that concerns somebody. `entry` is what it is listed under: the task, or the run without one.

    Where something is to be decided, `run_id` and `digest` name the gate, and `as_deputy_of` whose decision it is
    where it is not the reader's own.
    """

    kind: ItemKind
    entry: str
    space: str
    title: str
    sentence: str
    since: datetime
    deadline: datetime | None = None
    run_id: str | None = None
    gate_id: str | None = None
    digest: str | None = None
    as_deputy_of: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """All that concerns somebody about one task, the weightiest first.

    `unblocks` are the tasks that wait for it, directly or not; `spent_usd` is what it and they cost so far and
    what lies idle meanwhile.
    """

    key: str
    items: tuple[Item, ...]
    unblocks: tuple[str, ...] = ()
    spent_usd: Decimal = field(default_factory=Decimal)
    read: bool = False
    archived: bool = False

    @property
    def first(self) -> Item:
        """The weightiest thing."""
        return self.items[0]

    @property
    def since(self) -> datetime:
        """Since when somebody is waited for."""
        return min(item.since for item in self.items)

    @property
    def deadline(self) -> datetime | None:
        """When the first thing expires."""
        return min((item.deadline for item in self.items if item.deadline), default=None)

    @property
    def to_decide(self) -> tuple[Item, ...]:
        """The gates among it."""
        return tuple(item for item in self.items if item.digest is not None)


def kind_of(gate: GateOpened, *, of_workflow: bool) -> ItemKind:
    """Return what a gate is to whoever decides."""
    match gate.reason:
        case "input_required":
            return "question"
        case "outcome_unknown":
            return "outcome"
        case "budget_exceeded":
            return "budget"
        case "approval_required":
            return "sign_off" if of_workflow else "approval"


def gate_sentence(gate: GateOpened, since: datetime, now: datetime) -> str:
    """Return in one sentence what a gate waits for."""
    what = _in_short(gate) or "A decision"
    until = gate.deadline_at
    end = f", expires {until:%Y-%m-%d %H:%M} UTC" if until is not None else ""
    return f"{what}: waiting for {who_decides(gate)}, {ago(now - since)}{end}."


def _in_short(gate: GateOpened) -> str:
    """Return what a gate is about: the agent's own first question where it asks one, else the first line."""
    asked = (gate.arguments or {}).get("questions") if gate.reason == "input_required" else None
    first = asked[0] if isinstance(asked, list) and asked else None
    question = first.get("question") if isinstance(first, dict) else None
    line = next(iter(str(question or gate.question).strip().splitlines()), "").strip()
    return line.rstrip(".:") if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def entries_of(
    items: Iterable[Item],
    behind: Mapping[str, tuple[str, ...]],
    spent: Mapping[str, Decimal],
    marks: Mapping[str, InboxMark],
    now: datetime,
) -> list[Entry]:
    """Return the entries that items come to, in the order in which they are best dealt with.

    Args:
        items: what concerns somebody, in any order.
        behind: the tasks that wait for a task, directly or not.
        spent: what was spent on each task, in US dollars.
        marks: what the reader did with entries before.
        now: the present moment.
    """
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.entry, []).append(item)
    found = [_entry(key, theirs, behind, spent, marks.get(key)) for key, theirs in grouped.items()]
    return sorted(found, key=lambda entry: _order(entry, now))


def waiting_behind(needs: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Return for every task the unfinished ones that wait for it, directly or not.

    Args:
        needs: the unfinished tasks with what each depends on.
    """
    direct: dict[str, list[str]] = {}
    for key, wanted in needs.items():
        for needed in wanted:
            direct.setdefault(needed, []).append(key)
    return {key: _reached(key, direct) for key in direct}


def _reached(key: str, direct: Mapping[str, list[str]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    todo = list(direct.get(key, ()))
    while todo:
        one = todo.pop()
        if one not in found and one != key:
            found[one] = None
            todo += direct.get(one, ())
    return tuple(sorted(found))


def _entry(
    key: str,
    items: list[Item],
    behind: Mapping[str, tuple[str, ...]],
    spent: Mapping[str, Decimal],
    mark: InboxMark | None,
) -> Entry:
    waiting = behind.get(key, ()) if any(item.kind != "mention" for item in items) else ()
    newest = max(item.since for item in items)
    return Entry(
        key,
        tuple(sorted(items, key=_weight)),
        waiting,
        sum((spent.get(one, Decimal(0)) for one in (key, *waiting)), Decimal(0)),
        read=_covers(mark and mark.read_at, newest),
        archived=_covers(mark and mark.archived_at, newest),
    )


def _covers(moment: datetime | None, newest: datetime) -> bool:
    return moment is not None and moment >= newest


def _weight(item: Item) -> tuple[int, bool, float, datetime, tuple[str, ...]]:
    """Weightier things first; the rest only makes the order the same whatever order they come in."""
    due = item.deadline.timestamp() if item.deadline is not None else 0.0
    rest = (item.sentence, item.kind, item.run_id or "", item.gate_id or "", item.title)
    return (_RANKS[item.kind], item.deadline is None, due, item.since, rest)


def _order(entry: Entry, now: datetime) -> tuple[float, int, int, Decimal, datetime, str]:
    """What runs out within a day comes first; then what the most tasks wait for; then decisions before failures
    before mentions; then where the most money lies idle, and what waits longest.
    """
    deadline = entry.deadline
    pressing = deadline is not None and deadline - now <= _PRESSING
    return (
        deadline.timestamp() if deadline is not None and pressing else float("inf"),
        -len(entry.unblocks),
        _RANKS[entry.first.kind],
        -entry.spent_usd,
        entry.since,
        entry.key,
    )

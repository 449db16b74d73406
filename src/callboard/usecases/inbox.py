"""A person's inbox: all that waits for them, and what they did with it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from callboard.domain.errors import UnknownThing
from callboard.domain.org.inbox import INBOX_MARKS, InboxMark
from callboard.domain.org.principal import Principal
from callboard.domain.org.task import COMMENTS, ENDED, TASKS, TaskRecord
from callboard.domain.record import Kept
from callboard.domain.run_row import RunRow
from callboard.engine.deputies import counts_here
from callboard.engine.inbox import (
    Entry,
    Item,
    entries_of,
    gate_sentence,
    kind_of,
    waiting_behind,
)
from callboard.engine.tasks.standing import ago
from callboard.ports.event_store import RunsWanted
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.deputies import represented
from callboard.usecases.failed_runs import failed_runs
from callboard.usecases.gates import OpenGate, gates_in
from callboard.usecases.persons import open_to, require_person

_COMMENTS = 2_000
"""How far back mentions are looked for."""
_RUNS = 10_000


async def list_inbox(
    app: App,
    who: Principal,
    *,
    archived: bool = False,
    rows: Mapping[str, RunRow] | None = None,
) -> list[Entry]:
    """Return what waits for somebody, best dealt with in this order; with `archived` what they put away. `rows` are
    the runs of the tasks that they see, where they are known already.

    Raises:
        NotAllowed: it is no person that asks.
    """
    require_person(who)
    return [entry for entry in await _entries(app, who, rows) if entry.archived == archived]


async def _entries(
    app: App, who: Principal, rows: Mapping[str, RunRow] | None = None
) -> list[Entry]:
    """Return everything, what was put away included."""
    person = who.actor.name
    spaces = open_to(who, "task.read")
    tasks = [kept.value for kept in await app.records.find(TASKS, Wanted(spaces=spaces))]
    now = app.ports.clock.now()
    items = [
        *await _to_decide(app, who, now),
        *_failures(tasks, who, now),
        *await failed_runs(app, who, now),
        *await _mentions(app, who, {task.key: task for task in tasks}),
    ]
    marks = await app.records.find(INBOX_MARKS, Wanted(prefix=f"{person}/"))
    return entries_of(
        items,
        waiting_behind({t.key: t.depends_on for t in tasks if t.state not in ENDED}),
        await _spent(app, tasks, items, rows),
        {kept.value.entry: kept.value for kept in marks},
        now,
    )


async def mark_read(app: App, who: Principal, keys: Sequence[str], *, read: bool = True) -> None:
    """Note that somebody has seen entries, or wants them to count as unseen.

    Raises:
        UnknownThing: one of them is not in the inbox.
    """
    person = require_person(who, "inbox.manage").name
    now = app.ports.clock.now() if read else None
    for key, kept in await _marks(app, who, person, keys):
        mark = kept.value if kept is not None else InboxMark(person=person, entry=key)
        changed = mark.model_copy(update={"read_at": now})
        await app.records.keep([INBOX_MARKS.put(changed, over=kept)])


async def archive(app: App, who: Principal, keys: Sequence[str], *, archived: bool = True) -> None:
    """Put entries away until something new comes to them, or take them back.

    Raises:
        UnknownThing: one of them is not in the inbox.
    """
    person = require_person(who, "inbox.manage").name
    now = app.ports.clock.now()
    for key, kept in await _marks(app, who, person, keys):
        mark = kept.value if kept is not None else InboxMark(person=person, entry=key)
        update = {"archived_at": now, "read_at": now} if archived else {"archived_at": None}
        await app.records.keep([INBOX_MARKS.put(mark.model_copy(update=update), over=kept)])


async def _marks(
    app: App, who: Principal, person: str, keys: Sequence[str]
) -> list[tuple[str, Kept[InboxMark] | None]]:
    known = {entry.key for entry in await _entries(app, who)}
    for key in keys:
        if key not in known:
            raise UnknownThing(f"{key!r} is not in your inbox (see `callboard inbox list --mine`)")
    return [(key, await app.records.get(INBOX_MARKS, f"{person}/{key}")) for key in keys]


async def _to_decide(app: App, who: Principal, now: datetime) -> list[Item]:
    """Return the open gates about which somebody may decide, for themselves or in somebody's place."""
    spaces = open_to(who, "run.read")
    stand_ins = await represented(app, who)
    found: list[Item] = []
    for gate in await gates_in(app, spaces):
        for authority in (who, *stand_ins):
            if counts_here(gate.gate, gate.approvals, who, authority, gate.row.space):
                found.append(await _gate_item(app, gate, authority, who, now))
                break
    return found


async def _gate_item(
    app: App, each: OpenGate, authority: Principal, who: Principal, now: datetime
) -> Item:
    root = await app.ports.store.row(each.row.root_id)
    top = root or each.row
    since = each.row.waiting_since or each.row.updated_at
    return Item(
        kind_of(each.gate, of_workflow=each.row.kind == "workflow"),
        top.task or top.run_id,
        each.row.space,
        top.title,
        gate_sentence(each.gate, since, now),
        since,
        each.gate.deadline_at,
        each.row.run_id,
        each.gate.gate_id,
        each.gate.digest,
        None if authority.actor == who.actor else authority.actor.name,
    )


def _failures(tasks: Iterable[TaskRecord], who: Principal, now: datetime) -> list[Item]:
    """Return the tasks that failed and nobody took up again, of those that somebody owns or started."""
    account = f"person:{who.actor.name}"
    found: list[Item] = []
    for task in tasks:
        theirs = task.owner == account or task.started_by == who.actor
        if task.state == "failed" and theirs:
            since = task.ended_at or task.created_at
            why = f": {task.outcome}" if task.outcome else ""
            sentence = f"Failed {ago(now - since)} ago{why}."
            found.append(Item("failure", task.key, task.space, task.title, sentence, since))
    return found


async def _mentions(app: App, who: Principal, tasks: dict[str, TaskRecord]) -> list[Item]:
    account = f"person:{who.actor.name}"
    spaces = open_to(who, "task.read")
    wanted = Wanted(spaces=spaces, newest_first=True, limit=_COMMENTS)
    found: list[Item] = []
    for kept in await app.records.find(COMMENTS, wanted):
        said, task = kept.value, tasks.get(kept.value.task)
        if account in said.mentions and said.actor != who.actor and task is not None:
            line = said.text.splitlines()[0][:120]
            sentence = f"{said.actor.name} mentioned you: {line}"
            found.append(Item("mention", said.task, said.space, task.title, sentence, said.at))
    return found


async def _spent(
    app: App,
    tasks: Sequence[TaskRecord],
    items: Sequence[Item],
    rows: Mapping[str, RunRow] | None,
) -> dict[str, Decimal]:
    """Return what was spent on tasks, and on runs without one, in US dollars as far as it is known."""
    by_run = rows
    if by_run is None:
        spaces = tuple({item.space for item in items})
        read = await app.ports.store.rows(RunsWanted(spaces=spaces, limit=_RUNS)) if items else []
        by_run = {row.run_id: row for row in read}
    found = {run_id: row.bill.known_usd for run_id, row in by_run.items()}
    for task in tasks:
        theirs = (by_run[run] for run in task.runs if run in by_run)
        found[task.key] = sum((row.bill.known_usd for row in theirs), Decimal(0))
    return found

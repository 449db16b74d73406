"""`callboard inbox` for one's own entries: list, read, put away, and who decides while one is away."""

import json
import sys
from datetime import datetime
from typing import Annotated, Any, cast

import typer

from callboard.cli.moments import moment_of
from callboard.cli.process import DONE, FAILED, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.inbox import Deputy
from callboard.domain.org.principal import Principal
from callboard.engine.inbox import Entry, Item
from callboard.usecases.app import App
from callboard.usecases.batches import Choice, Outcome, decide_several
from callboard.usecases.decision import Decision
from callboard.usecases.deputies import list_deputies, name_deputy, remove_deputy
from callboard.usecases.inbox import archive as archive_entries
from callboard.usecases.inbox import list_inbox, mark_read
from callboard.usecases.notice_preferences import ALL_GROUPS, choose_notices, noticed_groups

deputies = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Keys = Annotated[list[str], typer.Argument(help="Entries: keys of tasks, or ids of runs.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_own(*, archived: bool, as_json: bool) -> int:
    """Print the entries of whoever asks."""

    async def work(app: App, who: Principal) -> int:
        entries = await list_inbox(app, who, archived=archived)
        if as_json:
            give_json([_entry_json(entry) for entry in entries])
        elif entries:
            rows = [_entry_cells(entry) for entry in entries]
            for line in table(("", "ENTRY", "WHY", "UNBLOCKS", "UNTIL", "WHAT"), rows):
                give(line)
        else:
            say("Nothing is put away." if archived else "Nothing waits for you.")
        return DONE

    return with_app(work)


def read(
    keys: Keys,
    *,
    unread: Annotated[bool, typer.Option("--unread", help="Count them as unseen again.")] = False,
) -> None:
    """Note that you have seen entries."""

    async def work(app: App, who: Principal) -> int:
        await mark_read(app, who, keys, read=not unread)
        return DONE

    guarded(lambda: with_app(work))


def archive(
    keys: Keys,
    *,
    restore: Annotated[bool, typer.Option("--restore", help="Take them back.")] = False,
) -> None:
    """Put entries away until something new comes to them."""

    async def work(app: App, who: Principal) -> int:
        await archive_entries(app, who, keys, archived=not restore)
        return DONE

    guarded(lambda: with_app(work))


def batch(json_output: Json = False) -> None:
    """Decide at several gates: JSON Lines from stdin, each with run_id, digest, verdict and maybe note."""

    async def work(app: App, who: Principal) -> int:
        choices = [
            _choice(number, line) for number, line in enumerate(sys.stdin, 1) if line.strip()
        ]
        outcomes = await decide_several(app, who, choices)
        if json_output:
            give_json([_outcome_json(one) for one in outcomes])
        else:
            for one in outcomes:
                give(f"{one.run_id}: {one.problem or _came_of(one)}")
        return FAILED if any(one.problem for one in outcomes) else DONE

    guarded(lambda: with_app(work))


def notices(
    *,
    mute: Annotated[
        list[str] | None,
        typer.Option(help="Be told no more of: tasks, gates, reminders, mentions or budgets."),
    ] = None,
    unmute: Annotated[list[str] | None, typer.Option(help="Be told of it again.")] = None,
    json_output: Json = False,
) -> None:
    """Show, and choose, what you are told by e-mail."""

    async def work(app: App, who: Principal) -> int:
        told = await noticed_groups(app, who)
        if mute or unmute:
            muted = {group for group in ALL_GROUPS if group not in told} | set(mute or ())
            told = await choose_notices(app, who, muted=sorted(muted - set(unmute or ())))
        if json_output:
            give_json({group: group in told for group in ALL_GROUPS})
        else:
            for group in ALL_GROUPS:
                give(f"{group:<10} {'told' if group in told else 'muted'}")
        return DONE

    guarded(lambda: with_app(work))


@deputies.callback()
def deputy() -> None:
    """Let somebody decide in your place while you are away."""


@deputies.command("name")
def name_(
    person: Annotated[str, typer.Argument(help="Who decides for you.")],
    *,
    until: Annotated[
        str, typer.Option(help="Until when: a date, a time (2026-08-01T17:00) or a span (7d).")
    ],
    since: Annotated[str | None, typer.Option(help="From when on; default: now.")] = None,
) -> None:
    """Name a deputy for a time."""

    async def work(app: App, who: Principal) -> int:
        now = app.ports.clock.now()
        begins = None if since is None else moment_of(since, now, option="--since")
        ends = moment_of(until, begins or now, option="--until")
        named = await name_deputy(app, who, person, until=ends, since=begins)
        say(f"{named.deputy} decides for {named.person} until {_shown(named.until)}.")
        return DONE

    guarded(lambda: with_app(work))


@deputies.command("list")
def list_(json_output: Json = False) -> None:
    """List your deputies, and those whose deputy you are."""

    async def work(app: App, who: Principal) -> int:
        found = await list_deputies(app, who)
        now = app.ports.clock.now()
        if json_output:
            give_json(
                [{**one.model_dump(mode="json"), "in_force": one.holds(now)} for one in found]
            )
        elif found:
            for line in table(
                ("FOR", "DEPUTY", "SINCE", "UNTIL", ""), [_cells(o, now) for o in found]
            ):
                give(line)
        else:
            say("There are no deputies. `callboard inbox deputy name PERSON --until 7d` names one.")
        return DONE

    guarded(lambda: with_app(work))


@deputies.command()
def remove(person: Annotated[str, typer.Argument(help="Who no longer decides for you.")]) -> None:
    """Take a deputy's right away."""

    async def work(app: App, who: Principal) -> int:
        await remove_deputy(app, who, person)
        say(f"{person} is no deputy of yours any more.")
        return DONE

    guarded(lambda: with_app(work))


def _cells(one: Deputy, now: datetime) -> tuple[str, ...]:
    standing = "in force" if one.holds(now) else ("over" if now >= one.until else "to come")
    return (one.person, one.deputy, _shown(one.since), _shown(one.until), standing)


def _shown(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _choice(number: int, line: str) -> Choice:
    try:
        read: object = json.loads(line)
    except (ValueError, RecursionError):
        read = None
    fields = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
    verdict = fields.get("verdict")
    if verdict not in ("approve", "reject", "answer") or not {"run_id", "digest"} <= fields.keys():
        raise ConfigurationInvalid(
            f"stdin, line {number}: expected a JSON object with run_id, digest and verdict "
            "(approve, reject or answer), as `callboard inbox list --mine --json` names them"
        )
    decision = Decision(verdict, str(fields.get("note", "")), fields.get("answer"))
    for_whom = fields.get("as_deputy_of")
    return Choice(
        str(fields["run_id"]),
        str(fields["digest"]),
        decision,
        None if for_whom is None else str(for_whom),
    )


def _came_of(one: Outcome) -> str:
    return "decided" if one.closed else "recorded; more approvals are needed"


def _outcome_json(one: Outcome) -> dict[str, object]:
    return {
        "run_id": one.run_id,
        "closed": one.closed,
        "code": one.code,
        "problem": one.problem,
    }


def _entry_cells(entry: Entry) -> tuple[str, ...]:
    deadline = entry.deadline
    deputy = f" (for {entry.first.as_deputy_of})" if entry.first.as_deputy_of else ""
    more = f" (+{len(entry.items) - 1})" if len(entry.items) > 1 else ""
    return (
        " " if entry.read else "*",
        entry.key,
        f"{entry.first.kind}{deputy}",
        str(len(entry.unblocks) or ""),
        "" if deadline is None else _shown(deadline),
        f"{entry.first.sentence}{more}",
    )


def _entry_json(entry: Entry) -> dict[str, object]:
    first = entry.first
    return {
        "entry": entry.key,
        "kind": first.kind,
        "space": first.space,
        "title": first.title,
        "sentence": first.sentence,
        "since": entry.since.isoformat(),
        "deadline": None if entry.deadline is None else entry.deadline.isoformat(),
        "unblocks": list(entry.unblocks),
        "spent_usd": float(entry.spent_usd),
        "read": entry.read,
        "archived": entry.archived,
        "items": [_item_json(item) for item in entry.items],
    }


def _item_json(item: Item) -> dict[str, object]:
    return {
        "kind": item.kind,
        "sentence": item.sentence,
        "since": item.since.isoformat(),
        "deadline": None if item.deadline is None else item.deadline.isoformat(),
        "run_id": item.run_id,
        "gate_id": item.gate_id,
        "digest": item.digest,
        "as_deputy_of": item.as_deputy_of,
    }

"""`callboard audit`: who changed what of what the organisation has written down."""

from typing import Annotated

import typer

from callboard.cli.plain import one_line, plain
from callboard.cli.process import DONE, FAILED, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.org.principal import Principal
from callboard.domain.record import AuditEntry
from callboard.ports.records import AuditWanted
from callboard.usecases.app import App
from callboard.usecases.audit import check_audit, list_audit

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def audit() -> None:
    """See who changed what, and check that nobody changed the trail."""


@app.command("list")
def list_(
    record: Annotated[
        str | None, typer.Option(help="Only changes of this record: `task:AUTH-42`, `space:shop`.")
    ] = None,
    *,
    actor: Annotated[
        str | None, typer.Option(help="Only those of one actor: `person:ann`.")
    ] = None,
    space: Annotated[str | None, typer.Option(help="Only those in this space.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most rows.")] = 50,
    json_output: Json = False,
) -> None:
    """List changes, the newest first."""
    wanted = AuditWanted(
        record=_record(record),
        actor=actor,
        spaces=None if space is None else (space,),
        limit=limit,
    )

    async def work(app: App, who: Principal) -> int:
        found = await list_audit(app, who, wanted)
        if json_output:
            give_json([_json(entry) for entry in found])
        elif found:
            for line in table(
                ("ENTRY", "WHEN", "WHO", "WHAT", "CHANGED"), [_cells(one) for one in found]
            ):
                give(line)
        else:
            say("Nothing was changed.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def verify(json_output: Json = False) -> None:
    """Check that every entry is as it was written; exit 1 if one is not."""

    async def work(app: App, who: Principal) -> int:
        wrong = await check_audit(app, who)
        if json_output:
            give_json({"intact": wrong is None, "first_wrong": wrong})
        elif wrong is None:
            say("The audit log is as it was written.")
        else:
            say(f"Entry {wrong} of the audit log was altered, or follows one that is gone.")
        return DONE if wrong is None else FAILED

    guarded(lambda: with_app(work))


def _record(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    kind, colon, key = text.partition(":")
    if not colon or not kind or not key:
        raise typer.BadParameter("use KIND:KEY, such as task:AUTH-42", param_hint="--record")
    return kind, key


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    changed = ", ".join(f"{one.kind} {one.key}" for one in entry.differences)
    who = f"{entry.actor.kind}:{entry.actor.name}"
    when = f"{entry.at:%Y-%m-%d %H:%M}"
    return (str(entry.position), when, plain(who), entry.action, one_line(changed, 200))


def _json(entry: AuditEntry) -> dict[str, object]:
    return {
        "position": entry.position,
        "at": entry.at.isoformat(),
        "actor": entry.actor.model_dump(mode="json"),
        "action": entry.action,
        "space": entry.space,
        "note": entry.note,
        "changes": [
            {"kind": one.kind, "key": one.key, "before": one.before, "after": one.after}
            for one in entry.differences
        ],
        "hash": entry.hash,
    }

"""`callboard roster promote|try|rollback|pause|resume|retire`: each says what it touches before it acts."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.roster_text import Json, Name, Note, radius_json, radius_lines
from callboard.cli.streams import give_json, say
from callboard.domain.org.principal import Principal
from callboard.domain.org.roster import Bound, RosterAgent
from callboard.usecases.app import App
from callboard.usecases.checked import checked
from callboard.usecases.roster_moves import (
    Move,
    Moved,
    TrialWish,
    pause_agent,
    promote_agent,
    resume_agent,
    retire_agent,
    roll_back_agent,
    try_version,
)

Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what it touches; change nothing.")]
Revision = Annotated[
    int | None, typer.Option(help="Only if nobody changed the agent since this revision.", min=1)
]
Version = Annotated[int | None, typer.Option(help="This version, not the latest.", min=1)]
Make = Callable[[App, Principal, Move], Awaitable[Moved]]


def promote(
    name: Name,
    *,
    version: Version = None,
    note: Note = "",
    revision: Revision = None,
    dry_run: Dry = False,
    json_output: Json = False,
) -> None:
    """Make a version live: the one on trial, else the latest. Every workflow that names none follows."""
    _move(
        lambda app, who, move: promote_agent(app, who, name, version, move),
        Move(note, revision, dry_run),
        json_output=json_output,
    )


def try_out(
    name: Name,
    *,
    share: Annotated[float, typer.Option(help="Which part of the tasks, from 0 to 1.")],
    version: Version = None,
    below_live: Annotated[
        float, typer.Option(help="It has failed where its acceptance is this much lower.")
    ] = 0.1,
    at_least: Annotated[
        float | None, typer.Option(help="It has failed where its acceptance is lower than this.")
    ] = None,
    attempts: Annotated[int, typer.Option(help="After how many attempts that is looked at.")] = 10,
    note: Note = "",
    revision: Revision = None,
    dry_run: Dry = False,
    json_output: Json = False,
) -> None:
    """Let a version do a share of the tasks. It is rolled back by itself where it has failed."""

    def make(app: App, who: Principal, move: Move) -> Awaitable[Moved]:
        bound = checked(Bound, attempts=attempts, below_live=below_live, at_least=at_least)
        return try_version(app, who, name, TrialWish(share, version, bound), move)

    _move(make, Move(note, revision, dry_run), json_output=json_output)


def rollback(
    name: Name,
    *,
    note: Note = "",
    revision: Revision = None,
    dry_run: Dry = False,
    json_output: Json = False,
) -> None:
    """End the trial; without one, make the version live that was so before."""
    _move(
        lambda app, who, move: roll_back_agent(app, who, name, move),
        Move(note, revision, dry_run),
        json_output=json_output,
    )


def pause(
    name: Name,
    *,
    note: Note = "",
    revision: Revision = None,
    dry_run: Dry = False,
    json_output: Json = False,
) -> None:
    """Let an agent begin nothing new; runs under way go on."""
    _move(
        lambda app, who, move: pause_agent(app, who, name, move),
        Move(note, revision, dry_run),
        json_output=json_output,
    )


def resume(
    name: Name,
    *,
    note: Note = "",
    revision: Revision = None,
    dry_run: Dry = False,
    json_output: Json = False,
) -> None:
    """Let a paused or retired agent play again."""
    _move(
        lambda app, who, move: resume_agent(app, who, name, move),
        Move(note, revision, dry_run),
        json_output=json_output,
    )


def retire(
    name: Name,
    *,
    force: Annotated[bool, typer.Option(help="Although something uses it.")] = False,
    note: Note = "",
    revision: Revision = None,
    dry_run: Dry = False,
    json_output: Json = False,
) -> None:
    """Take an agent out of the roster; refused where something uses it. Its versions stay."""
    _move(
        lambda app, who, move: retire_agent(app, who, name, force=force, move=move),
        Move(note, revision, dry_run),
        json_output=json_output,
    )


def _move(make: Make, move: Move, *, json_output: bool) -> None:
    async def work(app: App, who: Principal) -> int:
        dry = await make(app, who, Move(move.note, move.revision, dry=True))
        if not json_output:
            say("Touches:")
            for line in radius_lines(dry.touches):
                say(f"  {line}")
        moved = dry if move.dry else await make(app, who, move)
        if json_output:
            give_json(moved_json(moved))
        else:
            say(_told(moved))
        return DONE

    guarded(lambda: with_app(work))


def moved_json(moved: Moved) -> dict[str, object]:
    """Return an agent after a move, and what it touches."""
    agent = moved.agent.model_dump(mode="json")
    return {"agent": agent, "made": moved.made, "touches": radius_json(moved.touches)}


def _told(moved: Moved) -> str:
    agent = moved.agent
    would = "is" if moved.made else "stays" if moved.unchanged else "would be"
    return f"{agent.id} {would} {_standing(agent)}"


def _standing(agent: RosterAgent) -> str:
    live = f" in version {agent.live}" if agent.live is not None else ""
    trial = agent.trial
    tried = f", version {trial.version} with {trial.share:.0%} of the tasks" if trial else ""
    said = {"draft": "a draft", "trial": "on trial"}.get(agent.state, agent.state)
    return f"{said}{live}{tried}"

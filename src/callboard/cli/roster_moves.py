"""`callboard roster promote|try|rollback|pause|resume|retire`: each says what it touches before it acts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

import typer

from callboard.cli.process import DONE, FAILED, guarded, with_app
from callboard.cli.replay_text import replay_json, replay_lines
from callboard.cli.roster_text import Json, Name, Note, radius_json, radius_lines
from callboard.cli.streams import give, give_json, say
from callboard.domain.org.principal import Principal
from callboard.domain.org.roster import Bound, RosterAgent
from callboard.usecases.app import App
from callboard.usecases.checked import checked
from callboard.usecases.releasing import Release, release_version
from callboard.usecases.replaying import replay_agent
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
from callboard.usecases.roster_reading import find_in_roster

Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what it touches; change nothing.")]
Revision = Annotated[
    int | None, typer.Option(help="Only if nobody changed the agent since this revision.", min=1)
]
Version = Annotated[int | None, typer.Option(help="This version, not the latest.", min=1)]
Replays = Annotated[int, typer.Option(help="On how many past inputs it is replayed.", min=1)]
SkipReplay = Annotated[
    bool, typer.Option("--skip-replay", help="Without a replay; the record says so.")
]
Force = Annotated[bool, typer.Option("--force", help="Although it did worse in the replay.")]
Make = Callable[[App, Principal, Move], Awaitable[Moved]]


def promote(
    name: Name,
    *,
    version: Version = None,
    replays: Replays = 5,
    skip_replay: SkipReplay = False,
    force: Force = False,
    note: Note = "",
    revision: Revision = None,
    dry_run: Dry = False,
    json_output: Json = False,
) -> None:
    """Make a version live: the one on trial, else the latest. Every workflow that names none follows.

    It is replayed on past inputs first, in private copies; exits 1 where it does worse.
    """

    async def work(app: App, who: Principal) -> int:
        async def make(move: Move) -> Moved:
            return await promote_agent(app, who, name, version, move)

        move, count = Move(note, revision, dry_run), 0 if skip_replay else replays
        wish = Release(make, move, version, count, force)
        return await _release(app, who, name, wish, json_output=json_output)

    guarded(lambda: with_app(work))


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
    replays: Replays = 5,
    skip_replay: SkipReplay = False,
    force: Force = False,
    note: Note = "",
    revision: Revision = None,
    dry_run: Dry = False,
    json_output: Json = False,
) -> None:
    """Let a version do a share of the tasks. It is rolled back by itself where it has failed.

    It is replayed on past inputs first, in private copies; exits 1 where it does worse.
    """

    async def work(app: App, who: Principal) -> int:
        bound = checked(Bound, attempts=attempts, below_live=below_live, at_least=at_least)
        chosen = version or (await find_in_roster(app, who, name)).agent.latest

        async def make(move: Move) -> Moved:
            return await try_version(app, who, name, TrialWish(share, chosen, bound), move)

        move, count = Move(note, revision, dry_run), 0 if skip_replay else replays
        wish = Release(make, move, chosen, count, force)
        return await _release(app, who, name, wish, json_output=json_output)

    guarded(lambda: with_app(work))


def replay(
    name: Name,
    *,
    version: Version = None,
    count: Annotated[int, typer.Option(help="How many inputs at most.", min=1)] = 5,
    json_output: Json = False,
) -> None:
    """Let a version do again what other versions did last, in private copies, and compare.

    Exits 1 where it does worse.
    """

    async def work(app: App, who: Principal) -> int:
        found = await replay_agent(app, who, name, version, count=count)
        if json_output:
            give_json(replay_json(found))
        for line in () if json_output else replay_lines(found):
            give(line)
        return FAILED if found.is_worse else DONE

    guarded(lambda: with_app(work))


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
            _say_touched(dry)
        moved = dry if move.dry else await make(app, who, move)
        if json_output:
            give_json(moved_json(moved))
        else:
            say(_told(moved))
        return DONE

    guarded(lambda: with_app(work))


async def _release(app: App, who: Principal, name: str, wish: Release, *, json_output: bool) -> int:
    dry = await wish.make(replace(wish.move, dry=True))
    if not json_output:
        _say_touched(dry)
    released = await release_version(app, who, name, wish)
    rehearsed = released.replay
    if json_output:
        shown = None if rehearsed is None else replay_json(rehearsed)
        give_json(
            moved_json(released.moved) | {"replay": shown, "refused": released.refused or None}
        )
        return FAILED if released.refused else DONE
    for line in () if rehearsed is None else replay_lines(rehearsed):
        say(line)
    say(f"not released: {released.refused}" if released.refused else _told(released.moved))
    return FAILED if released.refused else DONE


def _say_touched(moved: Moved) -> None:
    say("Touches:")
    for line in radius_lines(moved.touches):
        say(f"  {line}")


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

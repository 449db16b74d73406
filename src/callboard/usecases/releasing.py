"""The release train: a version is replayed on past inputs before it goes on trial or live."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from callboard.domain.org.principal import Principal
from callboard.engine.replays import Replay
from callboard.usecases.app import App
from callboard.usecases.replaying import replay_agent
from callboard.usecases.roster_moves import PLAIN, Move, Moved, proposed
from callboard.usecases.roster_reading import require_agent

MakeMove = Callable[[Move], Awaitable[Moved]]


@dataclass(frozen=True, slots=True)
class Release:
    """How a version (None: the one that would be promoted) is released: by which move, on how many past inputs it is
    replayed first (0: on none, which the record says), and whether although fewer of them pass than before.
    """

    make: MakeMove
    move: Move = PLAIN
    number: int | None = None
    replays: int = 5
    force: bool = False


@dataclass(frozen=True, slots=True)
class Released:
    """A move, and the replay before it where there was one. `refused` says why the move was not made."""

    moved: Moved
    replay: Replay | None = None
    refused: str = ""


async def release_version(app: App, who: Principal, agent_id: str, wish: Release) -> Released:
    """Replay a version, then make the move, unless it did worse than the versions before. A version that was live
    before is not replayed again. A dry move replays nothing.

    Raises what `replay_agent` and the move raise.
    """
    kept = await require_agent(app, who, "agent.publish", agent_id)
    move = wish.move
    dry = await wish.make(replace(move, dry=True))
    chosen = wish.number or proposed(kept.value)
    if move.dry:
        return Released(dry)
    if chosen in (kept.value.live, *kept.value.earlier):
        return Released(await wish.make(move))
    if wish.replays == 0:
        return Released(await wish.make(_noted(move, "without a replay")))
    replay = await replay_agent(app, who, agent_id, chosen, count=wish.replays)
    if replay.is_worse and not wish.force:
        return Released(
            dry,
            replay,
            f"version {chosen} passed {replay.after.passed} of {replay.after.of} past inputs, the versions before "
            f"{replay.before.passed}; --force releases it all the same",
        )
    return Released(await wish.make(_noted(move, str(replay))), replay)


def _noted(move: Move, said: str) -> Move:
    return replace(move, note=f"{move.note}; {said}" if move.note else said)

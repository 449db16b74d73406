"""An agent's way through the roster: promoted, on trial, rolled back, paused, resumed, retired.

Each move can be made `dry`: then nothing changes, and what it would touch is returned as it is otherwise.
"""

from dataclasses import dataclass, field

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.domain.org.roster import ROSTER, AgentTrial, Bound, RosterAgent
from callboard.domain.record import Kept
from callboard.engine.authority import Action
from callboard.usecases.app import App
from callboard.usecases.blast_radius import BlastRadius, radius_of
from callboard.usecases.checked import checked
from callboard.usecases.recording import write
from callboard.usecases.roster import check_revision
from callboard.usecases.roster_reading import require_agent, version_of


@dataclass(frozen=True, slots=True)
class Move:
    """How a move is made: for the record with a `note`, only if the agent is still in this `revision` (None: in
    any), or `dry`.
    """

    note: str = ""
    revision: int | None = None
    dry: bool = False


PLAIN = Move()


@dataclass(frozen=True, slots=True)
class Moved:
    """An agent after a move (or as it would be: `made` says), and what the move touches. `unchanged`: it was so
    already.
    """

    agent: RosterAgent
    touches: BlastRadius
    made: bool
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class TrialWish:
    """A version to try (None: the latest) on a share of the tasks, and when it has failed."""

    share: float
    number: int | None = None
    bound: Bound = field(default_factory=Bound)


async def promote_agent(
    app: App, who: Principal, agent_id: str, number: int | None = None, move: Move = PLAIN
) -> Moved:
    """Make a version live: every workflow that names none follows. None: the one on trial, else the latest.

    Raises:
        UnknownThing: there is no such agent or version, or none that they see.
        ConfigurationInvalid: the agent is retired.
        RecordConflict: somebody else changed it meanwhile.
    """
    kept = await _required(app, who, "agent.publish", agent_id, move)
    _refuse_retired(kept.value)
    chosen = number or proposed(kept.value)
    await version_of(app, agent_id, chosen)
    after = kept.value.with_live(chosen)
    return await _published(app, who, kept, after, _said(f"version {chosen}", move))


async def try_version(
    app: App, who: Principal, agent_id: str, wish: TrialWish, move: Move = PLAIN
) -> Moved:
    """Let a version do a share of the tasks, chosen by their keys, until it is promoted or rolled back.

    Raises:
        UnknownThing: there is no such agent or version, or none that they see.
        ConfigurationInvalid: the version is live already, the agent is paused or retired, or a number does not fit.
        RecordConflict: somebody else changed it meanwhile.
    """
    kept = await _required(app, who, "agent.publish", agent_id, move)
    agent, chosen = kept.value, wish.number or kept.value.latest
    _refuse_retired(agent)
    await version_of(app, agent_id, chosen)
    if agent.state == "paused":
        raise ConfigurationInvalid(f"{agent_id} is paused: resume it first")
    if chosen == agent.live:
        raise ConfigurationInvalid(f"{agent_id} version {chosen} is live already; try another one")
    trial = checked(
        AgentTrial,
        version=chosen,
        share=wish.share,
        bound=wish.bound,
        since=app.ports.clock.now(),
    )
    after = agent.model_copy(update={"trial": trial})
    after = after.model_copy(update={"state": after.playing})
    said = _said(f"version {chosen} on trial with {wish.share:.0%} of the tasks", move)
    return await _published(app, who, kept, after, said)


async def roll_back_agent(app: App, who: Principal, agent_id: str, move: Move = PLAIN) -> Moved:
    """End the trial of an agent; without one, make the version live again that was live before.

    Raises:
        UnknownThing: there is no such agent, or none that they see.
        ConfigurationInvalid: there is nothing to go back to, or the agent is retired.
        RecordConflict: somebody else changed it meanwhile.
    """
    kept = await _required(app, who, "agent.publish", agent_id, move)
    _refuse_retired(kept.value)
    if kept.value.trial is None and not kept.value.earlier:
        raise ConfigurationInvalid(
            f"{agent_id} has no trial, and no version was live before: there is nothing to go back to"
        )
    return await _published(app, who, kept, kept.value.rolled_back(), move)


async def pause_agent(app: App, who: Principal, agent_id: str, move: Move = PLAIN) -> Moved:
    """Let an agent begin nothing new. Runs that are under way go on; steps wait, or find somebody else.

    Raises:
        UnknownThing: there is no such agent, or none that they see.
        ConfigurationInvalid: it does not play.
        RecordConflict: somebody else changed it meanwhile.
    """
    kept = await _required(app, who, "agent.manage", agent_id, move)
    if kept.value.state not in ("live", "trial"):
        raise ConfigurationInvalid(
            f"{agent_id} is {_standing(kept.value)}: there is nothing to pause"
        )
    after = kept.value.model_copy(update={"state": "paused"})
    return await _managed(app, who, kept, after, move)


async def resume_agent(app: App, who: Principal, agent_id: str, move: Move = PLAIN) -> Moved:
    """Let a paused or retired agent play again, in the versions in which it did.

    Raises:
        UnknownThing: there is no such agent, or none that they see.
        ConfigurationInvalid: it is neither.
        RecordConflict: somebody else changed it meanwhile.
    """
    kept = await _required(app, who, "agent.manage", agent_id, move)
    if kept.value.state not in ("paused", "retired"):
        raise ConfigurationInvalid(
            f"{agent_id} is {_standing(kept.value)}: there is nothing to resume"
        )
    after = kept.value.model_copy(update={"state": kept.value.playing})
    return await _managed(app, who, kept, after, move)


async def retire_agent(
    app: App, who: Principal, agent_id: str, *, force: bool = False, move: Move = PLAIN
) -> Moved:
    """Take an agent out of the roster. Its versions stay, since runs name them; runs under way go on.

    Raises:
        UnknownThing: there is no such agent, or none that they see.
        ConfigurationInvalid: it is retired, or in use and not forced: names what uses it.
        RecordConflict: somebody else changed it meanwhile.
    """
    kept = await _required(app, who, "agent.manage", agent_id, move)
    if kept.value.state == "retired":
        raise ConfigurationInvalid(f"{agent_id} is retired already")
    uses = (await radius_of(app, who, kept.value)).uses
    if uses and not force and not move.dry:
        raise ConfigurationInvalid(
            f"{agent_id} is in use by {'; '.join(uses)}. Give that to somebody else first, or retire it all the "
            "same with --force: what needs it then waits"
        )
    after = kept.value.model_copy(update={"state": "retired", "trial": None})
    return await _managed(app, who, kept, after, move)


def proposed(agent: RosterAgent) -> int:
    """Return the version that is promoted where none is named: the one on trial, else the latest."""
    return agent.trial.version if agent.trial is not None else agent.latest


async def _required(
    app: App, who: Principal, action: Action, agent_id: str, move: Move
) -> Kept[RosterAgent]:
    kept = await require_agent(app, who, action, agent_id)
    check_revision(kept, move.revision)
    return kept


async def _published(
    app: App, who: Principal, kept: Kept[RosterAgent], after: RosterAgent, move: Move
) -> Moved:
    wish = _Wish("agent.publish", after, move)
    return await _made(app, who, kept, wish)


async def _managed(
    app: App, who: Principal, kept: Kept[RosterAgent], after: RosterAgent, move: Move
) -> Moved:
    wish = _Wish("agent.manage", after, move)
    return await _made(app, who, kept, wish)


@dataclass(frozen=True, slots=True)
class _Wish:
    action: Action
    after: RosterAgent
    move: Move


async def _made(app: App, who: Principal, kept: Kept[RosterAgent], wish: _Wish) -> Moved:
    """Make a move, unless it is dry or changes nothing; say what it touches, as it was before."""
    touches = await radius_of(app, who, kept.value)
    unchanged = wish.after == kept.value
    makes = not wish.move.dry and not unchanged
    if makes:
        await write(app, who, wish.action, ROSTER.put(wish.after, over=kept), note=wish.move.note)
    return Moved(wish.after, touches, makes, unchanged)


def _said(what: str, move: Move) -> Move:
    return Move(f"{what}: {move.note}" if move.note else what, move.revision, move.dry)


def _standing(agent: RosterAgent) -> str:
    return "a draft" if agent.state == "draft" else agent.state


def _refuse_retired(agent: RosterAgent) -> None:
    if agent.state == "retired":
        raise ConfigurationInvalid(
            f"{agent.id} is retired; bring it back first: `callboard roster resume {agent.id}`"
        )

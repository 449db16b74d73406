"""Several agents moved with one wish: each by itself, each with its own outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.roster import Scope, change_agent
from callboard.usecases.roster_moves import Move, pause_agent, resume_agent
from callboard.usecases.roster_reading import require_reading

BatchMove = Literal["pause", "resume", "place"]
MOST = 200
"""How many agents one wish may name."""


@dataclass(frozen=True, slots=True)
class BatchWish:
    """What is to be done to agents: pause or resume them, or let them play in `spaces` (None: in all)."""

    agents: tuple[str, ...]
    move: BatchMove
    spaces: Scope = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What came of it for one agent: done, or the problem."""

    agent: str
    problem: str = ""


async def move_agents(app: App, who: Principal, wish: BatchWish) -> Sequence[BatchOutcome]:
    """Move agents one after the other; one that is refused keeps no other from being moved.

    Raises:
        ConfigurationInvalid: none is named, or too many are.
    """
    require_reading(who)
    agents = tuple(dict.fromkeys(wish.agents))
    if not 1 <= len(agents) <= MOST:
        raise ConfigurationInvalid(f"{len(agents)} agents: choose 1 to {MOST}")
    return [await _outcome(app, who, agent, wish) for agent in agents]


async def _outcome(app: App, who: Principal, agent: str, wish: BatchWish) -> BatchOutcome:
    move = Move(wish.note)
    try:
        match wish.move:
            case "pause":
                await pause_agent(app, who, agent, move)
            case "resume":
                await resume_agent(app, who, agent, move)
            case "place":
                await change_agent(app, who, agent, {"spaces": wish.spaces})
    except CallboardError as error:
        return BatchOutcome(agent, str(error))
    return BatchOutcome(agent)

"""What every use case works with."""

from dataclasses import dataclass, field
from typing import Protocol

from callboard.domain.errors import UnknownThing, UserMistake
from callboard.domain.org.principal import ORGANISATION, Principal, Resource, in_space
from callboard.domain.run_row import RunRow
from callboard.engine.authority import NEEDS, Action, in_scope, may
from callboard.ports.clock import IdSource
from callboard.ports.dispatcher import Dispatcher
from callboard.ports.operations import Operations
from callboard.ports.passwords import Chance, Passwords
from callboard.ports.records import Records
from callboard.ports.releases import Releases
from callboard.ports.telemetry import Telemetry
from callboard.ports.threads import Threads
from callboard.ports.unattended import Unattended
from callboard.ports.vault import Vault
from callboard.runtime.driver import Driver
from callboard.runtime.ports import Ports
from callboard.usecases.archive import Archive
from callboard.usecases.open_gates import Remembered
from callboard.usecases.proof import Proof


class NotAllowed(UserMistake):
    """Somebody may not do this. `action` is what they may not, where that is all there is to it."""

    code = "not_allowed"

    def __init__(self, message: str, action: Action | None = None) -> None:
        self.action: Action | None = action
        super().__init__(message)


class Elsewhere(Protocol):
    """What gives an app with the definitions of a directory, or of the folders that are named instead."""

    def __call__(self, workspace: str, folders: tuple[str, ...]) -> "App":
        """Return it. It shares everything but what depends on definitions, and its driver is to be closed.

        Raises:
            ConfigurationInvalid: a folder is not there, or nothing may be run in a directory of somebody's own.
        """
        ...


@dataclass(frozen=True, slots=True)
class App:
    """A running Callboard: its ports, its driver, where it keeps private copies of repositories, and what it proves
    its runs with. `archive` is where runs are put away. `engine` is the version of what keeps the log, for people
    to read; `remembered` what this process knows of logs already.

    `place` names this home among those that share a database, and is empty where there is one. `brings`: a program added
    agents, tools or providers of its own. `elsewhere` gives the same app with the definitions of another directory.
    """

    ports: Ports
    driver: Driver
    releases: Releases
    records: Records
    threads: Threads
    vault: Vault
    passwords: Passwords
    chance: Chance
    ids: IdSource
    copies: str
    dispatcher: Dispatcher
    unattended: Unattended
    operations: Operations
    proof: Proof | None = None
    archive: Archive | None = None
    telemetry: Telemetry | None = None
    engine: str = ""
    remembered: Remembered = field(default_factory=Remembered)
    place: str = ""
    brings: bool = False
    elsewhere: Elsewhere | None = None

    async def close(self) -> None:
        """Finish what is pending and let go of everything."""
        await self.dispatcher.close()
        await self.driver.close()
        await self.ports.programs.close()
        await self.ports.models.close()
        if self.proof is not None:
            await self.proof.close()
        if self.telemetry is not None:
            await self.telemetry.close()
        await self.ports.store.close()


def require(who: Principal, action: Action, resource: Resource = ORGANISATION) -> None:
    """Refuse an action that somebody may not take.

    Raises:
        NotAllowed: they may not.
    """
    if not may(who, action, resource):
        raise NotAllowed(f"{who.actor.kind} {who.actor.name} may not {action}", action)


def seen_spaces(
    who: Principal, action: Action, wanted: tuple[str, ...] | None = None
) -> tuple[str, ...] | None:
    """Return the spaces whose things somebody may list, of those wanted; None: all there are. Whoever belongs to no
    space yet sees nothing, and is not refused.

    Raises:
        NotAllowed: it is not for them in any space: for no member, or not in the scopes of their token.
    """
    if may(who, action):
        return wanted
    theirs = tuple(space for space in who.spaces if may(who, action, Resource(space=space)))
    if not theirs and not _belongs(who, action):
        require(who, action)
    return theirs if wanted is None else tuple(space for space in wanted if space in theirs)


def _belongs(who: Principal, action: Action) -> bool:
    """Return whether somebody is of the organisation, of no space yet, and every viewer of one may list such things."""
    of_none = who.role is not None and not who.spaces
    return of_none and NEEDS[action].space == "viewer" and in_scope(who.scopes, action)


async def require_run(app: App, who: Principal, action: Action, run_id: str) -> RunRow:
    """Return a run's projection, to whoever may take the action on it.

    Raises:
        UnknownThing: no such run, or none that they may see.
        NotAllowed: they see it, and may not do this.
    """
    row = await app.ports.store.row(run_id)
    if row is None or not who.sees(row.space):
        raise UnknownThing(f"run {run_id!r} was not found (see `callboard runs list`)")
    require(who, action, in_space(row.space))
    return row


async def require_log(app: App, who: Principal, action: Action, run_id: str) -> None:
    """Do nothing where somebody may take an action on a run, or on the whole organisation: whoever may looks
    into logs whose projection is gone.

    Raises:
        UnknownThing: no such run, or none that they may see.
        NotAllowed: they see it, and may not do this.
    """
    if not may(who, action):
        await require_run(app, who, action, run_id)

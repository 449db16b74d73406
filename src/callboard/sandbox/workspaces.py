"""`ports.workspace.Workspaces` on this machine."""

import asyncio
import hashlib
import os
import secrets
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.event_store import Claim
from callboard.ports.examination import Finding
from callboard.ports.way_out import WayOut
from callboard.ports.workspace import Publication, PublishedTexts
from callboard.sandbox.commands.confined import ConfinedCommands
from callboard.sandbox.commands.confinement import Confinement, Mode
from callboard.sandbox.commands.policy import Kind, Limits, Policy, grantable
from callboard.sandbox.examination import examine
from callboard.sandbox.files.beneath import open_beneath
from callboard.sandbox.files.confined import ConfinedFiles
from callboard.sandbox.files.ignores import Ignores, folds_case
from callboard.sandbox.files.published import PublishedOnly
from callboard.sandbox.git.branching import branch
from callboard.sandbox.git.clone import clone
from callboard.sandbox.git.failing import failing_as
from callboard.sandbox.git.publish import publish
from callboard.sandbox.git.repositories import commit_id, locate
from callboard.sandbox.git.snapshots import TreeSnapshots
from callboard.sandbox.git.store import Store


class ConfinedWorkspace:
    """One open directory; see `ports.workspace.Workspace`."""

    def __init__(
        self,
        root: str,
        files: ConfinedFiles,
        published: ConfinedFiles,
        commands: ConfinedCommands,
        snapshots: TreeSnapshots,
    ) -> None:
        self._root = root
        self._files = files
        self._published = published
        self._commands = commands
        self._snapshots = snapshots

    @property
    def root(self) -> str:
        """See `ports.workspace.Workspace`."""
        return self._root

    @property
    def files(self) -> ConfinedFiles:
        """See `ports.workspace.Workspace`."""
        return self._files

    @property
    def published(self) -> PublishedTexts:
        """See `ports.workspace.Workspace`."""
        return self._published

    @property
    def commands(self) -> ConfinedCommands:
        """See `ports.workspace.Workspace`."""
        return self._commands

    @property
    def snapshots(self) -> TreeSnapshots:
        """See `ports.workspace.Workspace`."""
        return self._snapshots

    async def close(self) -> None:
        """See `ports.workspace.Workspace`."""
        await self._commands.close()


class ConfinedWorkspaces:
    """Opens directories; keeps what belongs to them, and no command may reach, under `state`."""

    def __init__(
        self,
        state: Path,
        confinement: Confinement,
        *,
        read_only: Sequence[str],
        rg: str | None,
        limits: Limits,
        way_out: WayOut | None = None,
    ) -> None:
        self._state = state
        self._way_out = way_out
        self._confinement = confinement
        self._read_only = grantable(read_only)
        self._rg = rg
        self._limits = limits

    async def open(self, root: str) -> ConfinedWorkspace:
        """See `ports.workspace.Workspaces`."""
        return await self.open_as(root, _real(root))

    async def open_as(self, root: str, known_as: str) -> ConfinedWorkspace:
        """Open a directory that runs know by another path: it is their root, and absolute paths begin with it.

        Raises:
            ConfigurationInvalid: it is not a directory.
        """
        place = _real(root)
        try:
            beneath = open_beneath(place)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            message = f"{root} is not a directory that can be opened: {why}"
            raise ConfigurationInvalid(message) from None
        store = Store(self._state, place)
        ignores = Ignores(beneath, fold=folds_case(place))
        commands = ConfinedCommands(
            self._policy(place, store),
            beneath,
            self._confinement,
            rg=self._rg,
            way_out=self._way_out,
        )
        return ConfinedWorkspace(
            known_as,
            ConfinedFiles(known_as, beneath, ignores),
            ConfinedFiles(known_as, beneath, PublishedOnly(beneath)),
            commands,
            TreeSnapshots(store, beneath, ignores),
        )

    def store_of(self, root: str) -> Store:
        """Return the private repository of a directory."""
        return Store(self._state, _real(root))

    async def reach(self, root: str) -> None:
        """See `ports.workspace.Workspaces`."""
        if not await asyncio.to_thread(Path(_real(root)).is_dir):
            raise ConfigurationInvalid(f"{root} is not a directory that can be opened.")

    async def is_copy(self, root: str) -> bool:
        """See `ports.workspace.Workspaces`."""
        return await asyncio.to_thread(lambda: self.store_of(root).origin() is not None)

    async def take(self, root: str, claim: Claim) -> None:
        """See `ports.workspace.Workspaces`. It is worked on here and nowhere else."""

    async def examine(self) -> Sequence[Finding]:
        """See `ports.workspace.Workspaces`."""
        places = self._way_out.places if self._way_out else ""
        return await examine(self._confinement, self._rg, places)

    async def clone(self, repository: str, commit: str, destination: str) -> None:
        """See `ports.workspace.Workspaces`."""
        place = _real(destination)
        with failing_as(f"{repository} cannot be copied to {place}"):
            await clone(Store(self._state, place), repository, commit, Path(place))

    async def branch(self, root: str, tree: str, destination: str) -> None:
        """See `ports.workspace.Workspaces`."""
        source, place = _real(root), _real(destination)
        stores = Store(self._state, source), Store(self._state, place)
        with failing_as(f"The files recorded of {root} cannot be copied to {place}"):
            await branch(stores[0], source, tree, stores[1], Path(place))

    async def head(self, repository: str) -> str:
        """See `ports.workspace.Workspaces`."""
        return await commit_id(await locate(repository), "HEAD")

    async def publish(self, change: Publication) -> str:
        """See `ports.workspace.Workspaces`."""
        with failing_as(f"{change.branch} cannot be set in {change.repository}"):
            return await publish(Store(self._state, _real(change.workspace)), change)

    def _policy(self, root: str, store: Store) -> Policy:
        origin = store.origin()
        shared = origin.objects if origin else ()
        temporary = self._state / "temporary" / f"{_short(root)}-{secrets.token_hex(8)}"
        return Policy(
            root=root,
            temporary=str(temporary),
            read_only=(*self._read_only, *shared),
            limits=self._limits,
        )


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:
        message = f"{path!r} is not a path."
        raise ConfigurationInvalid(message) from None


def _short(root: str) -> str:
    return hashlib.sha256(os.fsencode(root)).hexdigest()[:8]


def find_ripgrep() -> str | None:
    """Return the path of the ripgrep that is installed beside this Python, or the system's."""
    places = (Path(sys.executable).parent, Path(sysconfig.get_path("scripts")))
    path = os.pathsep.join([*map(str, places), "/usr/local/bin", "/usr/bin"])
    return shutil.which("rg", path=path)


def open_workspaces(
    state: Path,
    *,
    mode: Mode = "required",
    read_only: Sequence[str] = (),
    rg: str | None = None,
    limits: Limits | None = None,
    kinds: Sequence[Kind] = ("bubblewrap", "landlock"),
    way_out: WayOut | None = None,
) -> ConfinedWorkspaces:
    """Return the workspaces of this machine.

    Args:
        state: a directory of ours; created, private to the user. It must not be inside a workspace.
        mode: `off` runs commands without confinement. Only an explicit wish of the user may set it.
        read_only: directories that commands may read beside the system's, such as Python's; their `bin`
            directories come first in a command's PATH.
        rg: ripgrep's path; None: looked for beside this Python.
        limits: bounds on every command.
        kinds: confinements to try, best first.
        way_out: what commands may reach where their network can be confined; None: nothing.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = state.resolve()
    return ConfinedWorkspaces(
        place,
        Confinement(mode, place / "canaries", kinds, sockets=way_out is not None),
        read_only=read_only,
        rg=rg or find_ripgrep(),
        limits=limits or Limits(),
        way_out=way_out,
    )

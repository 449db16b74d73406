"""Running git so that nothing a repository contains is executed."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from callboard.domain.errors import ConfigurationInvalid

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
_NEUTRAL = (
    *("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.attributesFile=/dev/null"),
    *("core.excludesFile=/dev/null", "core.alternateRefsCommand=", "core.pager=cat"),
    *("core.askPass=", "core.sshCommand=false", "credential.helper=", "protocol.allow=never"),
    *("submodule.recurse=false", "diff.external=", "commit.gpgSign=false", "gc.auto=0"),
    *("maintenance.auto=false", "uploadpack.packObjectsHook=", "safe.directory=*"),
)
_ENVIRONMENT = {
    "PATH": _SYSTEM_PATH,
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "GIT_ALLOW_PROTOCOL": "none",  # outweighs what a repository's own configuration allows
    "GIT_ASKPASS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_CHUNK = 1 << 16


class GitFailed(Exception):
    """Git ended with an error; the text is git's own."""


@dataclass(frozen=True, slots=True)
class Git:
    """Git for one repository, given by its git directory; with `discover`, by any directory in it."""

    directory: str
    environment: Mapping[str, str] | None = None
    discover: bool = False

    async def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Return what a git command prints.

        Raises:
            GitFailed: it ended with an error.
            ConfigurationInvalid: git is not installed.
        """
        async with self.stream(*arguments, stdin=stdin) as output:
            return await output.read()

    async def line(self, *arguments: str, stdin: bytes = b"") -> str:
        """Return the one line that a git command prints."""
        return (await self.run(*arguments, stdin=stdin)).decode(errors="replace").strip()

    @asynccontextmanager
    async def stream(
        self, *arguments: str, stdin: bytes = b""
    ) -> AsyncGenerator[asyncio.StreamReader]:
        """Give a git command's output as it comes. Leaving early ends the command without complaint."""
        process = await self._start(arguments)
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 - all are pipes
        feeding = asyncio.ensure_future(_feed(process.stdin, stdin))
        complaints = asyncio.ensure_future(process.stderr.read())
        try:
            yield process.stdout
            complete = process.stdout.at_eof()
            if complete:
                await feeding
                complaint = (await complaints).decode(errors="replace").strip()
                if await process.wait():
                    raise GitFailed(complaint or f"git {arguments[0]} failed")
        finally:
            feeding.cancel()
            if process.returncode is None:
                # `process.kill` looks first whether it has ended, and so takes its status from whoever waits for it
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                while await process.stdout.read(_CHUNK):
                    pass
            await complaints
            await process.wait()

    async def _start(self, arguments: Sequence[str]) -> asyncio.subprocess.Process:
        place = ["-C" if self.discover else "--git-dir", self.directory]
        settings = [word for setting in _NEUTRAL for word in ("-c", setting)]
        return await asyncio.create_subprocess_exec(
            *(program(), *place, *settings, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**_ENVIRONMENT, **(self.environment or {})},
            cwd=self.directory if Path(self.directory).is_dir() else "/",  # noqa: ASYNC240 - one stat
        )


async def _feed(stdin: asyncio.StreamWriter, content: bytes) -> None:
    try:
        stdin.write(content)
        await stdin.drain()
    except ConnectionError:
        pass  # it did not want all of it; its exit status tells whether that was right
    finally:
        stdin.close()


def program() -> str:
    """Return git's path.

    Raises:
        ConfigurationInvalid: it is not installed.
    """
    found = shutil.which("git", path=_SYSTEM_PATH)
    if found is None:
        message = "git is not installed (looked in the system's directories): install it."
        raise ConfigurationInvalid(message)
    return found

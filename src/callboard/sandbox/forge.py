"""Handing changes on by a command of the deployment's own."""

import asyncio
import os
import re
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from callboard.engine.secrets_found import redact_text
from callboard.ports.forge import Change, Landed

_URL: Final = re.compile(r"https?://[^\s<>\"']+")
_TAIL_CHARS: Final = 2_000
_MOST_BYTES: Final = 1_000_000


class CommandForge:
    """`callboard.ports.forge.Forge`: runs a command in the repository, outside every sandbox.

    Only whoever runs the deployment chooses the command. `{branch}` and `{title}` in its words stand for those of
    the change; they are never read by a shell. What is said of the change comes on standard input. The last address
    that the command prints is where the change can be seen.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, timeout_s: float = 120.0
    ) -> None:
        self._command = tuple(command)
        self._environment = dict(environment)
        self._timeout_s = timeout_s

    async def land(self, change: Change) -> Landed:
        """See `ports.forge.Forge`."""
        words = [_filled(word, change) for word in self._command]
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                cwd=change.repository,
                env=self._environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return Landed(problem=f"{self._command[0]} could not be started: {error.strerror}")
        try:
            talk = process.communicate(change.body.encode())
            said, _ = await asyncio.wait_for(talk, self._timeout_s)
        except TimeoutError:
            return Landed(problem=f"{self._command[0]} took longer than {self._timeout_s:g} s")
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return _landed(process.returncode or 0, said[-_MOST_BYTES:])


def _filled(word: str, change: Change) -> str:
    title = " ".join(change.title.split())
    return word.replace("{branch}", change.branch).replace("{title}", title)


def _landed(code: int, said: bytes) -> Landed:
    text, _ = redact_text(said.decode("utf-8", "replace"))
    if code:
        return Landed(problem=f"it exited {code}: {text.strip()[-_TAIL_CHARS:]}")
    addresses = _URL.findall(text)
    return Landed(url=addresses[-1][:_TAIL_CHARS] if addresses else None)

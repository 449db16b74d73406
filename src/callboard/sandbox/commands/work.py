"""One command from its beginning to its result."""

import asyncio
from collections.abc import Coroutine, Sequence

from callboard.domain.errors import SandboxUnavailable
from callboard.ports.workspace import CommandResult
from callboard.sandbox.commands.control_files import ControlFiles
from callboard.sandbox.commands.drain import Drain
from callboard.sandbox.commands.jail import Running
from callboard.sandbox.commands.kept_jail import KeptJail
from callboard.sandbox.commands.lane import Ended
from callboard.sandbox.commands.network import told
from callboard.sandbox.commands.output import Captured, plain

_KEPT = 50_000
_DRAIN_S = 0.5
_KILLED = 137
_LOST = (
    "\n[the process that confined this command has ended, and the command with it: what it had done by then"
    " is unknown]\n"
)


class Work:
    """A command to run in a jail. `git` is what it must leave as it was; `as_is`: escapes are not stripped."""

    def __init__(
        self, jail: KeptJail, git: ControlFiles | None, out: Captured, *, as_is: bool = False
    ) -> None:
        self._jail = jail
        self._git = git
        self._out = out
        self._errors = Captured(_KEPT, _KEPT)
        self._as_is = as_is

    async def run(self, argv: Sequence[str], cwd: str, timeout_s: float | None) -> CommandResult:
        """Run it; a timeout (in seconds) and a cancellation kill everything that it started.

        Raises:
            SandboxUnavailable: it could not be confined, or git's control files could not be put back.
        """
        if self._git:
            await self._git.begin()
        drains = Drain(self._out), Drain(self._errors)
        running: Running | None = None
        timed_out = False
        try:
            running = await self._jail.begin(argv, cwd, [drain.writable for drain in drains])
            for drain in drains:
                drain.begun()
            async with asyncio.timeout(timeout_s):
                await running.wait()
        except TimeoutError:
            timed_out = True
        finally:
            ended, undone = self._finished(running, drains) or await _shielded(
                self._finish(running, drains)
            )
        return self._result(ended, undone, timed_out=timed_out)

    def _finished(
        self, running: Running | None, drains: Sequence[Drain]
    ) -> tuple[Ended, str] | None:
        """Return what `_finish` would, where nothing is left to do or to wait for: so it nearly always is."""
        ended = running and running.ended
        if not ended or ended.word != "exit" or not all(one.closed.done() for one in drains):
            return None
        return None if self._git and not self._git.end_unchanged() else (ended, "")

    async def _finish(self, running: Running | None, drains: Sequence[Drain]) -> tuple[Ended, str]:
        ended = Ended("failed", "it was not begun")
        try:
            if running:
                ended = await running.end()
                pending = [drain.closed for drain in drains if not drain.closed.done()]
                if pending:
                    await asyncio.wait(pending, timeout=_DRAIN_S)
        finally:
            for drain in drains:
                drain.close()
            if ended.word == "lost":
                await (await self._jail.get()).lost()
            undone = await self._git.end() if self._git else ""
        if ended.word in {"killed", "lost"} and self._git:
            await (await self._jail.get()).calm()
        return ended, undone

    def _result(self, ended: Ended, undone: str, *, timed_out: bool) -> CommandResult:
        if ended.word == "failed":
            message = f"The command could not be started in confinement: {ended.detail}"
            raise SandboxUnavailable(message)
        errors = self._errors.text()
        if undone:
            errors += f"\n[changes to {undone} were undone]\n"
        errors += told(self._jail.visits())
        if ended.word == "lost":
            errors += _LOST
        code = _KILLED if ended.word == "lost" else ended.exit_code
        out = self._out.text()
        return CommandResult(
            exit_code=None if timed_out else code,
            stdout=out if self._as_is else plain(out),
            stderr=plain(errors),
            timed_out=timed_out,
        )


async def _shielded(work: Coroutine[None, None, tuple[Ended, str]]) -> tuple[Ended, str]:
    """Finish it although we may be cancelled meanwhile: nothing is left running."""
    finishing = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(finishing)
    except asyncio.CancelledError:
        await finishing
        raise

"""`ports.programs.Programs`: each program in a worker of its own."""

import asyncio
from datetime import datetime

from callboard.domain.definition.program import ProgramSource
from callboard.domain.message import JsonObject
from callboard.ports.programs import Advanced, ProgramFault, ProgramLimits
from callboard.sandbox.commands.confinement import Mode
from callboard.sandbox.programs.confinement import boundary
from callboard.sandbox.programs.frames import advanced, broken, clock
from callboard.sandbox.programs.leash import Leash
from callboard.sandbox.programs.talk import ask
from callboard.sandbox.programs.zygote import Zygote

_SPARE = 1 << 16  # what an answer holds beside what was yielded


class ConfinedPrograms:
    """See `ports.programs.Programs`. Nothing is started before the first program.

    Args:
        mode: `off` runs programs in processes of their own that nothing confines; only an explicit wish of
            the user may set it.
        limits: of each program.
    """

    def __init__(self, *, mode: Mode = "required", limits: ProgramLimits | None = None) -> None:
        self._mode: Mode = mode
        self._limits = limits or ProgramLimits()
        self._zygote: Zygote | None = None
        self._running: set[ConfinedProgram] = set()
        self._closed = False

    async def start(
        self, source: ProgramSource, context: JsonObject, *, seed: str
    ) -> "ConfinedProgram":
        """See `ports.programs.Programs`. While a program loads, its clock shows 1970."""
        if self._closed:
            raise broken("no program can be started any more: everything was closed")
        if self._zygote is None:
            self._zygote = Zygote(boundary(self._mode, self._limits, typescript=False))
        program = ConfinedProgram(await _worker(self._zygote), self._limits, self._running)
        try:
            await program.load(source, context, seed)
        except BaseException:
            await program.close()
            raise
        return program

    async def close(self) -> None:
        """See `ports.programs.Programs`."""
        self._closed = True
        for program in list(self._running):
            await program.close()
        if self._zygote is not None:
            await asyncio.to_thread(self._zygote.close)


class ConfinedProgram:
    """See `ports.programs.Program`."""

    def __init__(
        self, leash: Leash, limits: ProgramLimits, running: "set[ConfinedProgram]"
    ) -> None:
        self._leash = leash
        self._limits = limits
        self._running = running
        self._ended = ""
        self._turn = asyncio.Lock()
        running.add(self)

    async def load(self, source: ProgramSource, context: JsonObject, seed: str) -> None:
        """Load the program.

        Raises:
            ProgramFault: it does not load.
        """
        request: JsonObject = {
            "op": "start",
            "language": source.language,
            "text": source.text,
            "context": context,
            "seed": seed,
        }
        await self._ask(request, self._limits.load_s)

    async def advance(self, resume: JsonObject | None, *, now: datetime) -> Advanced:
        """See `ports.programs.Program`."""
        request: JsonObject = {"op": "advance", "resume": resume, "now": clock(now)}
        reached = advanced(await self._ask(request, self._limits.step_s), self._limits.log_lines)
        if reached.done:
            self._end("it has returned")
        return reached

    async def close(self) -> None:
        """See `ports.programs.Program`."""
        self._end("it was closed")
        self._running.discard(self)
        async with self._turn:  # whoever waits for an answer lets go of the socket first
            await asyncio.to_thread(self._leash.release)

    async def _ask(self, request: JsonObject, within_s: float) -> JsonObject:
        if self._ended:
            raise ProgramFault(f"the program cannot go on: {self._ended}")
        longest = self._limits.frame + _SPARE
        async with self._turn:
            try:
                return await ask(self._leash, request, within_s=within_s, longest=longest)
            except BaseException:
                self._end("it failed, or was interrupted")
                raise

    def _end(self, why: str) -> None:
        self._ended = why
        self._leash.kill()


async def _worker(zygote: Zygote) -> Leash:
    """Return a worker; one that comes too late for a caller that was cancelled is ended."""
    coming = asyncio.ensure_future(asyncio.to_thread(zygote.worker))
    try:
        leash = await asyncio.shield(coming)
    except asyncio.CancelledError:
        coming.add_done_callback(_let_go)
        raise
    leash.channel.settimeout(0)
    return leash


def _let_go(coming: asyncio.Future[Leash]) -> None:
    if not coming.cancelled() and coming.exception() is None:
        coming.result().release()

"""Driving a run's program: advanced from the log's state, driven again from the journal after a crash."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from callboard.domain.definition.program import program_source
from callboard.domain.errors import SandboxUnavailable
from callboard.domain.events.codec import Recorded
from callboard.domain.events.program import ProgramEnded, ProgramLog, ProgramYielded
from callboard.domain.events.union import AnyEvent
from callboard.domain.run.fold import AGENT
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolSpec
from callboard.engine.programs import (
    YieldInvalid,
    digest_of,
    program_context,
    program_resume,
    shown_value,
)
from callboard.ports.programs import Advanced, Program, ProgramFault
from callboard.runtime.answers import Offer
from callboard.runtime.ports import Ports
from callboard.runtime.reading import load
from callboard.runtime.run_log import RunLog
from callboard.runtime.yields import program_failed, recorded_yield, yielded_events


class Diverged(Exception):
    """Driven again, the program did something else than before; the message shows both."""


class ProgramDrive:
    """The program of one run in this process."""

    def __init__(
        self, ports: Ports, log: RunLog[RunState], offer: Offer, specs: tuple[ToolSpec, ...]
    ) -> None:
        self._ports = ports
        self._log = log
        self._offer = offer
        self._specs = specs
        self._program: Program | None = None

    async def advance(self) -> None:
        """Advance the program and append what it yielded, or how it ended."""
        state = self._log.state
        clock = max(self._ports.clock.now(), state.at)
        try:
            program = self._program or await self._driven_again(state)
            self._program = program
            advanced = await program.advance(program_resume(state, self._specs), now=clock)
            events = self._events(state, advanced, clock)
        except Diverged as difference:
            events = (ProgramEnded(ending="diverged", message=str(difference)),)
        except (ProgramFault, SandboxUnavailable, YieldInvalid) as fault:
            events = (program_failed(state, str(fault)),)
        self._log.append(*events)

    def _events(self, state: RunState, advanced: Advanced, clock: datetime) -> tuple[AnyEvent, ...]:
        if advanced.done:
            logs = tuple(
                ProgramLog(level=line.level, data=line.data, message=line.message)
                for line in advanced.logs
            )
            return (ProgramEnded(ending="returned", logs=logs),)
        return yielded_events(state, self._offer, advanced, clock)

    async def _driven_again(self, state: RunState) -> Program:
        """Return the program, started and driven to where the log says that it is."""
        known = state.program
        source = program_source(state.subject.definition.handle_steps or "")
        if known is None or known.source_digest != source.digest:
            raise Diverged("the source of handleSteps is not the one that the run began with")
        entries: Sequence[Recorded] = ()
        if known.yields:
            await self._log.durable()
            entries = await load(self._ports.store, state.run_id)
        begun = self._before_first_yield(entries) or state
        context = program_context(begun, self._specs)
        program = await self._ports.programs.start(source, context, seed=known.seed)
        try:
            await self._replay(program, entries)
        except BaseException:
            await program.close()
            raise
        return program

    def _before_first_yield(self, entries: Sequence[Recorded]) -> RunState | None:
        for place, entry in enumerate(entries):
            if isinstance(entry.event, ProgramYielded):
                return AGENT.fold(entries[:place])
        return None

    async def _replay(self, program: Program, entries: Sequence[Recorded]) -> None:
        if not entries:
            return
        state = AGENT.begin(entries[0])
        for entry in entries[1:]:
            if isinstance(entry.event, ProgramYielded):
                resume = program_resume(state, self._specs)
                again = await program.advance(resume, now=entry.event.clock)
                _check_same(entry.event, again)
            state = AGENT.evolve(state, entry)

    async def close(self) -> None:
        """Let go of the program."""
        if self._program is not None:
            await self._program.close()
            self._program = None


def _check_same(recorded: ProgramYielded, again: Advanced) -> None:
    if not again.done and digest_of(again.value) == recorded.digest:
        return
    now: JsonValue = {"returned": again.value} if again.done else again.value
    raise Diverged(
        f"handleSteps is not deterministic: driven again after an interruption, yield {recorded.index} was "
        f"{shown_value(now)}, recorded was {shown_value(recorded_yield(recorded))}"
    )

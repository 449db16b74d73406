"""Carrying out what `decide` asks for in an agent run."""

from typing import assert_never

from callboard.domain.events.files import FilesChanged
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolSpec
from callboard.engine.commands import (
    AdvanceProgram,
    Append,
    CallModel,
    CancelChildren,
    Command,
    DriveChildren,
    RecordFiles,
    Rest,
    RunTools,
    SampleModel,
    StartChildren,
    Wait,
)
from callboard.engine.decide import decide
from callboard.ports.workspace import Workspace
from callboard.runtime.answers import Offer
from callboard.runtime.children import ChildRuns, cancel_children, drive_children, start_children
from callboard.runtime.model_calls import call_model
from callboard.runtime.offered import offered_names
from callboard.runtime.ports import Ports
from callboard.runtime.programs import ProgramDrive
from callboard.runtime.run_log import RunLog, S
from callboard.runtime.samples import sample_model
from callboard.runtime.tool_calls import run_tools


class AgentDrive:
    """Performs one agent run's commands."""

    def __init__(
        self,
        ports: Ports,
        log: RunLog[RunState],
        workspace: Workspace,
        runs: ChildRuns,
        specs: tuple[ToolSpec, ...],
    ) -> None:
        self._ports = ports
        self._log = log
        self._workspace = workspace
        self._runs = runs
        self._offer = Offer(ports.tools, offered_names(log.state), ports.schemas)
        self._specs = specs
        self._program = ProgramDrive(ports, log, self._offer, self._specs)

    def next(self) -> Command:
        """Return what happens next."""
        return decide(self._log.state)

    async def perform(self, command: Command) -> None:
        """Carry out one command; what came of it is appended."""
        match command:
            case Append():
                self._log.append(*command.events)
            case CallModel() | SampleModel() | AdvanceProgram():
                await self._think(command)
            case RunTools():
                await run_tools(self._ports, self._log, self._workspace, command)
            case StartChildren():
                await start_children(self._ports, self._log, self._runs, command.call)
            case DriveChildren():
                await drive_children(self._log, command.run_ids, self._runs)
            case CancelChildren():
                await cancel_children(self._log, command, self._runs)
            case RecordFiles():
                await record_files(self._log, self._workspace, command)
            case Wait() | Rest():
                pass
            case _:
                assert_never(command)

    async def _think(self, command: CallModel | SampleModel | AdvanceProgram) -> None:
        match command:
            case CallModel():
                await call_model(self._ports, self._log, self._offer, self._specs, command)
            case SampleModel():
                await sample_model(self._ports, self._log, self._specs, command)
            case AdvanceProgram():
                await self._program.advance()

    async def close(self) -> None:
        """Let go of what the run keeps in this process."""
        await self._program.close()


async def record_files(log: RunLog[S], workspace: Workspace, command: RecordFiles) -> None:
    """Record the workspace's files and what changed since the base."""
    snapshot = await workspace.snapshots.record(command.base_tree)
    log.append(
        FilesChanged(
            turn=command.turn,
            base_tree=snapshot.base_tree,
            tree=snapshot.tree,
            changes=snapshot.changes,
            diff=snapshot.diff,
        )
    )

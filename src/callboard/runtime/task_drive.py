"""Carrying out what `decide_task` asks for in a workflow run."""

import asyncio
from typing import assert_never

from callboard.domain.actor import Actor
from callboard.domain.events.child_run import ChildRunStarted
from callboard.domain.events.run import ParentLink
from callboard.domain.events.workflow import (
    ChangeCommitted,
    ChangeLanded,
    CheckCompleted,
    CheckStarted,
    StepAssigned,
)
from callboard.domain.task_run.state import TaskState
from callboard.engine.commands import Append, CancelChildren, DriveChildren, RecordFiles, Rest, Wait
from callboard.engine.limits import budget_path, child_limits, effective_limits
from callboard.engine.tasks.commands import (
    AssignStep,
    CommitChange,
    LandChange,
    RunCheck,
    StartStepRun,
    TaskCommand,
)
from callboard.engine.tasks.decide import decide_task
from callboard.engine.tasks.evidence import wording
from callboard.engine.tasks.settling import attempt_run_id
from callboard.ports.forge import Change, Landed
from callboard.ports.workspace import Publication, Workspace
from callboard.runtime.agent_drive import record_files
from callboard.runtime.casting import cast
from callboard.runtime.checks import made_check
from callboard.runtime.children import ChildRuns, cancel_children, drive_children
from callboard.runtime.creation import AgentStart, agent_created
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog


class TaskDrive:
    """Performs one workflow run's commands."""

    def __init__(
        self, ports: Ports, log: RunLog[TaskState], workspace: Workspace, runs: ChildRuns
    ) -> None:
        self._ports = ports
        self._log = log
        self._workspace = workspace
        self._runs = runs
        self._in_room: set[str] = set()  # runs that have room and are not driven yet

    def next(self) -> TaskCommand:
        """Return what happens next."""
        return decide_task(self._log.state)

    async def perform(self, command: TaskCommand) -> None:
        """Carry out one command; what came of it is appended."""
        self._log.flush()
        match command:
            case Append():
                self._log.append(*command.events)
                # A line of steps that nobody needs is gone through here: whatever else this process does gets its turn.
                await asyncio.sleep(0)
            case AssignStep():
                await self._assign(command)
            case StartStepRun():
                await self._start_step_run(command)
            case DriveChildren():
                self._in_room -= set(command.run_ids)
                await drive_children(self._log, command.run_ids, self._runs)
            case CancelChildren():
                await cancel_children(self._log, command, self._runs)
            case RecordFiles():
                await record_files(self._log, self._workspace, command)
            case RunCheck():
                await self._run_check(command)
            case CommitChange() | LandChange():
                await self._publish(command)
            case Wait() | Rest():
                pass
            case _:
                assert_never(command)

    async def close(self) -> None:
        """Give back the room of runs that were not driven after all."""
        for run_id in self._in_room:
            await self._ports.slots.give_back(run_id)

    async def _start_step_run(self, command: StartStepRun) -> None:
        state, now = self._log.state, self._ports.clock.now()
        definition = command.definition
        created = await agent_created(
            self._ports,
            AgentStart(
                definition,
                Actor(kind="system", name=f"workflow {state.subject.workflow.id}"),
                state.created.workspace,
                child_limits(state, effective_limits(definition.limits, command.limits), now),
                prompt=command.prompt,
                attachments=state.subject.attachments,
                parent=ParentLink(run_id=state.run_id, root_id=state.run_id, depth=1),
                space=state.created.space,
                accounts=budget_path(state),
                on_limit=state.created.on_limit,
                task=state.created.task,
                step=command.step.id,
            ),
        )
        run_id = attempt_run_id(state.run_id, command.step.id, command.attempt)
        await self._runs.create(run_id, created)
        self._log.append(
            ChildRunStarted(
                origin=command.step.id,
                index=0,
                child_run_id=run_id,
                agent=command.step.agent or definition.id,
                agent_name=definition.display_name,
                definition_digest=definition.digest,
            )
        )

    async def _assign(self, command: AssignStep) -> None:
        """Record who does a step, or that nobody can."""
        state, step, attempt = self._log.state, command.step, command.attempt
        chosen = await cast(self._ports, state, step, attempt)
        if isinstance(chosen, StepAssigned):
            self._in_room.add(attempt_run_id(state.run_id, step.id, attempt))
        self._log.append(chosen)

    async def _run_check(self, command: RunCheck) -> None:
        """Verify a check. A check is taken to be repeatable: after a crash it simply runs again."""
        check = command.step.checks[command.index]
        place = {
            "step": command.step.id,
            "attempt": command.attempt,
            "index": command.index,
        }
        self._log.append(CheckStarted.model_validate({**place, "command": wording(check)}))
        began = self._ports.clock.monotonic()
        made = await made_check(check, self._workspace, self._ports.fetcher)
        took = round((self._ports.clock.monotonic() - began) * 1000)
        await self._workspace.snapshots.keep()
        self._log.append(
            CheckCompleted.model_validate(
                {
                    **place,
                    "passed": made.passed,
                    "exit_code": made.exit_code,
                    "output": made.output,
                    "duration_ms": took,
                }
            )
        )

    async def _publish(self, command: CommitChange | LandChange) -> None:
        if isinstance(command, CommitChange):
            await self._commit(command)
        else:
            await self._land(command)

    async def _commit(self, command: CommitChange) -> None:
        subject = self._log.state.subject
        change = Publication(
            workspace=self._workspace.root,
            repository=subject.repository,
            base_commit=subject.base_commit,
            tree=command.tree,
            branch=subject.branch,
            message=command.message,
            author=command.author,
        )
        commit = await self._ports.workspaces.publish(change)
        self._log.append(ChangeCommitted(branch=subject.branch, commit=commit))

    async def _land(self, command: LandChange) -> None:
        """Hand the change on. What comes of it is recorded; the task is done in any case: its branch is there."""
        forge = self._ports.forge
        if forge is None:
            landed = Landed(problem="this deployment has no forge: set CALLBOARD_FORGE_COMMAND")
        else:
            repository = self._log.state.subject.repository
            landed = await forge.land(
                Change(repository, command.branch, command.title, command.body)
            )
        self._log.append(
            ChangeLanded(branch=command.branch, url=landed.url, problem=landed.problem)
        )

"""Starting child runs and waiting for their ends."""

from dataclasses import dataclass
from typing import Literal, Protocol

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, DefinitionInvalid
from callboard.domain.events.child_run import (
    ChildRunEnded,
    ChildRunRefused,
    ChildRunStarted,
    ChildRunSuspended,
    HistoryChange,
)
from callboard.domain.events.run import CancellationRequested, ParentLink, RunCreated, Terminal
from callboard.domain.events.tool_call import ToolCallStarted
from callboard.domain.events.union import AnyEvent
from callboard.domain.run.call import Call
from callboard.domain.run.state import RunState, status_of
from callboard.domain.tool import Source
from callboard.domain.usage import Bill, Usage
from callboard.engine.commands import CancelChildren
from callboard.engine.limits import budget_path, child_limits
from callboard.engine.spawning import SPAWN_INLINE, SpawnWish, child_run_id, spawn_wishes
from callboard.runtime.creation import AgentStart, agent_created, inherited_from
from callboard.runtime.inputs import input_issues
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog, S
from callboard.runtime.side_by_side import side_by_side


@dataclass(frozen=True, slots=True)
class Ended:
    """How a driven run stands: its terminal event with the bill, or the gate (its id and question) that
    it waits at. `history` is what an inline run made of its parent's conversation, `read` where what it
    has seen comes from.
    """

    terminal: Terminal | None
    bill: Bill
    usage: Usage
    waiting: tuple[str, str] | None = None
    history: HistoryChange | None = None
    read: tuple[Source, ...] = ()


class ChildRuns(Protocol):
    """Child runs in this process."""

    async def create(self, run_id: str, created: RunCreated) -> None:
        """Create a child's log unless an earlier attempt did."""
        ...

    async def drive(self, run_id: str) -> Ended:
        """Drive a child until it ends or waits."""
        ...

    async def end(self, run_id: str, request: CancellationRequested) -> Ended:
        """End a child that nobody drives."""
        ...


async def start_children(ports: Ports, log: RunLog[RunState], runs: ChildRuns, call: Call) -> None:
    """Create the logs of the runs that a spawning call asks for, then record that they exist.

    Ids follow from the call, so after a crash the same logs are found again instead of made twice.
    """
    log.flush()
    wishes = spawn_wishes(log.state, call)
    events: list[AnyEvent] = [
        ToolCallStarted(turn=log.state.turn, call_id=call.call_id, tool=call.tool, epoch=log.epoch)
    ]
    for wish in wishes:
        event, created = await _planned(ports, log.state, call, wish)
        if created is not None and isinstance(event, ChildRunStarted):
            await runs.create(event.child_run_id, created)
        events.append(event)
    log.append(*events)


async def _planned(
    ports: Ports, state: RunState, call: Call, wish: SpawnWish
) -> tuple[ChildRunStarted | ChildRunRefused, RunCreated | None]:
    """Return what to record for one entry, and the first event of the run that it asks for."""
    definition, refusal = await _found(ports, wish, state.created.space)
    if definition is None or refusal:
        return _refused(call, wish, refusal), None
    start = AgentStart(
        definition,
        Actor(kind="agent", name=state.subject.definition.id),
        state.created.workspace,
        child_limits(state, definition.limits, ports.clock.now()),
        prompt=wish.prompt,
        params=wish.params,
        parent=link_to(state),
        space=state.created.space,
        accounts=budget_path(state),
        on_limit=state.created.on_limit,
        inherited=inherited_from(state),
        inline=call.tool == SPAWN_INLINE,
    )
    try:
        created = await agent_created(ports, start)
    except ConfigurationInvalid as wrong:  # its model is a name that stands for nothing
        return _refused(call, wish, str(wrong)), None
    started = ChildRunStarted(
        origin=call.call_id,
        index=wish.index,
        child_run_id=child_run_id(state, call, wish.index),
        agent=wish.agent or definition.id,
        agent_name=definition.display_name,
        definition_digest=definition.digest,
    )
    return started, created


def _refused(call: Call, wish: SpawnWish, message: str) -> ChildRunRefused:
    return ChildRunRefused(
        origin=call.call_id, index=wish.index, agent=wish.requested, message=message
    )


def link_to(state: RunState) -> ParentLink:
    """Return the link from a child to this run."""
    parent = state.created.parent
    return ParentLink(
        run_id=state.run_id,
        root_id=parent.root_id if parent is not None else state.run_id,
        depth=parent.depth + 1 if parent is not None else 1,
    )


async def _found(ports: Ports, wish: SpawnWish, space: str) -> tuple[AgentDefinition | None, str]:
    """Return the agent that an entry asks for, or why it cannot be started."""
    if wish.agent is None:
        return None, wish.refusal
    try:
        definition = await ports.registry.get(wish.agent, space=space)
    except DefinitionInvalid as error:
        return None, f"Agent type {wish.requested} is broken: {error}"
    except ConfigurationInvalid as error:
        return None, f"Agent type {wish.requested} cannot be started: {error}"
    if definition is None:
        return None, f"Agent type {wish.requested} not found."
    return definition, _input_refusal(ports, wish, definition)


def _input_refusal(ports: Ports, wish: SpawnWish, definition: AgentDefinition) -> str:
    wrong = input_issues(ports.schemas, definition, wish.prompt, wish.params)
    for part, issues in wrong.items():
        return f"Invalid {part} for agent {wish.requested}: {'; '.join(issues)}"
    return ""


async def drive_children(log: RunLog[S], run_ids: tuple[str, ...], runs: ChildRuns) -> None:
    """Drive child runs side by side and record how each of them ended, or where it waits. Whoever lost the run above
    begins nothing below it.
    """
    await log.durable()

    async def drive_one(run_id: str) -> None:
        ended = await runs.drive(run_id)
        if ended.terminal is not None:
            log.append(ended_event(run_id, ended.terminal, ended))
        elif ended.waiting is not None:
            gate_id, question = ended.waiting
            log.append(ChildRunSuspended(child_run_id=run_id, gate_id=gate_id, question=question))

    await side_by_side([drive_one(run_id) for run_id in run_ids])


async def cancel_children(log: RunLog[S], command: CancelChildren, runs: ChildRuns) -> None:
    """End child runs and record how each of them ended."""
    log.flush()

    async def cancel_one(run_id: str) -> None:
        ended = await runs.end(run_id, command.request)
        if ended.terminal is not None:
            log.append(ended_event(run_id, ended.terminal, ended))

    await side_by_side([cancel_one(run_id) for run_id in command.run_ids])


def ended_event(run_id: str, terminal: Terminal, ended: Ended) -> ChildRunEnded:
    """Return the parent's record of a child's end."""
    status: Literal["completed", "failed", "cancelled"] = status_of(terminal)
    return ChildRunEnded(
        child_run_id=run_id,
        status=status,
        output=terminal.output,
        bill=ended.bill,
        usage=ended.usage,
        history=ended.history,
        read=ended.read,
    )

"""Performing tool calls: begun, made, ended."""

import asyncio
import logging

from callboard.domain.errors import CallboardError
from callboard.domain.events.tool_call import ToolCallCompleted, ToolCallStarted
from callboard.domain.frozen import unchecked
from callboard.domain.run.call import Call
from callboard.domain.run.state import RunState
from callboard.domain.tool import error_outputs
from callboard.engine.commands import RunTools
from callboard.engine.secrets_found import names_redacted, redact_outputs
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import Workspace
from callboard.runtime.ports import Ports
from callboard.runtime.run_log import RunLog
from callboard.runtime.side_by_side import side_by_side

_log = logging.getLogger(__name__)
_NOT_THE_VALUE = (
    "Not done: `[redacted: …]` in the arguments stands for a credential that was taken out of what you read, and "
    "writing it would lose the real one. Change the parts around it instead, for example with str_replace."
)


async def run_tools(
    ports: Ports, log: RunLog[RunState], workspace: Workspace, command: RunTools
) -> None:
    """Make the calls of one command side by side and append their outcomes as they come.

    A call that must never run twice is begun only when its beginning is durable.
    """
    turn = log.state.turn
    log.append(*[_started(call, turn, log.epoch) for call in command.calls])
    if "unsafe" in [call.facts.retry_safety for call in command.calls]:
        await log.durable()
    await side_by_side([_run_one(ports, log, workspace, command, call) for call in command.calls])


def _started(call: Call, turn: int, epoch: int) -> ToolCallStarted:
    return unchecked(
        ToolCallStarted,
        v=ToolCallStarted.version,
        type="tool_call.started",
        turn=turn,
        call_id=call.call_id,
        tool=call.tool,
        epoch=epoch,
    )


async def _run_one(
    ports: Ports, log: RunLog[RunState], workspace: Workspace, command: RunTools, call: Call
) -> None:
    began = ports.clock.monotonic()
    outcome = await _outcome(ports, log, workspace, command, call)
    if call.facts.access == "write":
        await workspace.snapshots.keep()
    log.append(
        unchecked(
            ToolCallCompleted,
            v=ToolCallCompleted.version,
            type="tool_call.completed",
            turn=log.state.turn,
            call_id=call.call_id,
            tool=call.tool,
            # before it is an event: what is in the log stays there, and is what the model reads
            output=redact_outputs(outcome.output),
            is_error=outcome.is_error,
            source=call.facts.reads,
            duration_ms=round((ports.clock.monotonic() - began) * 1000),
            blob=None,
        )
    )


async def _outcome(
    ports: Ports, log: RunLog[RunState], workspace: Workspace, command: RunTools, call: Call
) -> ToolOutcome:
    tool = ports.tools.get(call.tool)
    if tool is None:
        return ToolOutcome(error_outputs(f"Tool {call.tool} is no longer there."), is_error=True)
    if call.facts.access == "write" and names_redacted(call.arguments):
        return ToolOutcome(error_outputs(_NOT_THE_VALUE), is_error=True)
    context = ToolContext(log.state.run_id, call.call_id, workspace, messages=log.state.messages)
    try:
        if command.deadline_at is None:
            return await tool.run(call.arguments, context)
        left = (command.deadline_at - ports.clock.now()).total_seconds()
        async with asyncio.timeout(max(left, 0)):
            return await tool.run(call.arguments, context)
    except TimeoutError:
        message = "The call was stopped: the run's wall-time limit was reached."
        return ToolOutcome(error_outputs(message), is_error=True)
    except CallboardError as error:
        return ToolOutcome(error_outputs(str(error)), is_error=True)
    except Exception as error:  # noqa: BLE001 - a tool's fault must not lose the run
        _log.warning("tool %s failed", call.tool, exc_info=True)
        message = f"The tool {call.tool} failed: {type(error).__name__}: {error}"
        return ToolOutcome(error_outputs(message), is_error=True)

"""One line per thing that happens, for people."""

import json

from callboard.domain.events.child_run import ChildRunStarted
from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FileChange, FilesChanged
from callboard.domain.events.gate import GateDecided, GateOpened
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallFailed
from callboard.domain.events.run import (
    AgentSubject,
    CancellationRequested,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    RunResumed,
)
from callboard.domain.events.tool_call import (
    ToolCallCompleted,
    ToolCallInterrupted,
    ToolCallRefused,
    ToolCallRequested,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import (
    ChangeCommitted,
    CheckCompleted,
    StepEnded,
    StepStarted,
)
from callboard.domain.message import JsonObject, JsonOutput
from callboard.domain.usage import Bill

WIDTH = 100


def plain(text: str) -> str:
    """Return text that cannot act on a terminal: control characters other than newlines are shown."""
    return "".join(
        char if char == "\n" or char.isprintable() else f"\\x{ord(char):02x}" for char in text
    )


def one_line(text: str, width: int = WIDTH) -> str:
    """Return the text on one line, cut to a width."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"


def money(bill: Bill) -> str:
    """Return an amount for people: unknown parts are said, never shown as nothing."""
    known = f"${bill.known_usd:.4f}"
    return f"{known} + unknown" if bill.has_unknown else known


def describe_call(tool: str, arguments: JsonObject) -> str:
    """Return a call for people: the tool and what it is about."""
    match arguments:
        case {"command": str(command)}:
            return f"{tool}  $ {one_line(command, 80)}"
        case {"paths": list(paths)}:
            return f"{tool}  {one_line(', '.join(str(path) for path in paths), 80)}"
        case {"path": str(path)}:
            return f"{tool}  {one_line(path, 80)}"
        case {"pattern": str(pattern)}:
            return f"{tool}  {one_line(pattern, 80)}"
        case {"agents": list(agents)}:
            names = [str(agent.get("agent_type")) for agent in agents if isinstance(agent, dict)]
            return f"{tool}  {', '.join(names)}"
        case _:
            return tool if not arguments else f"{tool}  {one_line(json.dumps(arguments), 80)}"


def describe_change(change: FileChange) -> str:
    """Return a changed file with its line counts."""
    counts = "binary" if change.added is None else f"+{change.added} -{change.removed or 0}"
    mark = {"added": "A", "modified": "M", "deleted": "D"}[change.status]
    return f"{mark} {plain(change.path)} ({counts})"


def describe(recorded: Recorded) -> str | None:
    """Return one line for an event, or None for those that people need not see."""
    event = recorded.event
    return _run_line(event) or _call_line(event) or _task_line(event)


def _run_line(event: AnyEvent) -> str | None:
    match event:
        case RunCreated() if isinstance(event.subject, AgentSubject):
            return f"{event.subject.definition.display_name} starts on {event.subject.model}"
        case RunResumed():
            return "the run is taken up again"
        case CancellationRequested():
            return f"{event.actor.name} cancels"
        case RunCompleted():
            return "done"
        case RunFailed() | RunCancelled():
            return f"ended: {one_line(event.output.message)}"
        case ModelCallFailed():
            again = "trying again" if event.failure.retryable else "giving up"
            return f"model call failed ({again}): {one_line(event.failure.message)}"
        case _:
            return None


def _call_line(event: AnyEvent) -> str | None:
    match event:
        case ToolCallRequested():
            return describe_call(event.tool, event.arguments)
        case ToolCallCompleted() if event.is_error:
            return f"{event.tool} failed: {_error_of(event)}"
        case ToolCallRefused():
            return f"{one_line(event.tool, 40)} refused: {one_line(event.message)}"
        case ToolCallInterrupted():
            return f"outcome unknown: {one_line(event.message)}"
        case ChildRunStarted():
            return f"starts {event.agent_name}"
        case FilesChanged() if event.changes:
            return "files: " + ", ".join(describe_change(change) for change in event.changes)
        case _:
            return None


def _error_of(event: ToolCallCompleted) -> str:
    first = event.output[0] if event.output else None
    value = first.value if isinstance(first, JsonOutput) else None
    message = value.get("errorMessage") if isinstance(value, dict) else None
    return one_line(str(message or value))


def _task_line(event: AnyEvent) -> str | None:
    match event:
        case StepStarted():
            return f"step {event.step}, attempt {event.attempt}"
        case StepEnded():
            why = f": {one_line(event.reason)}" if event.reason else ""
            return f"step {event.step} {event.outcome}{why}"
        case CheckCompleted():
            code = "was stopped" if event.exit_code is None else f"exited {event.exit_code}"
            return f"check {event.index + 1} {code}: {'passed' if event.passed else 'not passed'}"
        case GateOpened():
            return f"waits for a decision: {one_line(event.question)}"
        case GateDecided():
            note = f": {one_line(event.note)}" if event.note else ""
            return f"{event.actor.name}: {event.verdict}{note}"
        case ChangeCommitted():
            return f"commit {(event.commit or 'none')[:12]} on branch {event.branch}"
        case _:
            return None


def turn_cost(event: ModelCallCompleted) -> str:
    """Return what an answer cost, for people."""
    tokens = event.usage
    counted = f"{tokens.input_tokens:,} in, {tokens.output_tokens:,} out" if tokens else "no count"
    cost = "cost unknown" if event.cost_usd is None else f"${event.cost_usd:.4f}"
    return f"{counted}, {cost}"

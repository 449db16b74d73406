"""fold: events -> RunState. Total: every prefix of a log folds; what is no agent's log raises LogCorrupt."""

from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.codec import Recorded
from callboard.domain.events.conversation import (
    ContextCompacted,
    MessageAdded,
    MessagesReplaced,
    OutputSet,
    SubgoalRecorded,
)
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.loop import LoopDetected
from callboard.domain.events.model_call import (
    ModelCallCompleted,
    ModelCallFailed,
    ModelCallStarted,
    ModelReplaced,
)
from callboard.domain.events.run import (
    CancellationRequested,
    PolicyChanged,
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunResumed,
)
from callboard.domain.events.tool_call import (
    ToolCallCompleted,
    ToolCallInterrupted,
    ToolCallRefused,
    ToolCallStarted,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.folding import Folding
from callboard.domain.frozen import changed
from callboard.domain.message import Message
from callboard.domain.run.children import after_child_event
from callboard.domain.run.gates import after_gate_event
from callboard.domain.run.opening import begin, policy_of
from callboard.domain.run.program import after_program_event
from callboard.domain.run.state import RunState
from callboard.domain.run.tags import OUTPUT_REMINDER, RECOVERY
from callboard.domain.run.turn import (
    call_refused,
    call_settled,
    call_started,
    opened_turn,
)
from callboard.domain.tool import Source, error_outputs


def evolve(state: RunState, recorded: Recorded) -> RunState:
    """Return the state after one more event."""
    after = _apply(state, recorded.event)
    if after is state:
        return changed(state, seq=recorded.seq, at=recorded.at)
    if recorded.event.type == "model_call.completed":
        after.__dict__["answered_at"] = recorded.at
    # The copy is ours alone until it is returned: no need for a second one.
    after.__dict__.update(seq=recorded.seq, at=recorded.at)
    return after


def _apply(state: RunState, event: AnyEvent) -> RunState:
    # By its name: a class that does not fit takes ten times as long to find out.
    match event.type:
        case "model_call.started" | "model_call.completed" | "model_call.failed" | "model.replaced":
            return _model_call(state, event)
        case (
            "tool_call.refused"
            | "tool_call.started"
            | "tool_call.completed"
            | "tool_call.interrupted"
        ):
            return _tool_call(state, event)
        case "child_run.started" | "child_run.refused" | "child_run.suspended" | "child_run.ended":
            return after_child_event(state, event)
        case (
            "program.started"
            | "program.yielded"
            | "program.ended"
            | "sample.started"
            | "sample.completed"
            | "sample.failed"
        ):
            return after_program_event(state, event)
        case (
            "message.added"
            | "messages.replaced"
            | "context.compacted"
            | "output.set"
            | "subgoal.recorded"
        ):
            return _conversation(state, event)
        case "gate.opened" | "approval.given" | "gate.decided" | "gate.expired" | "gate.withdrawn":
            return after_gate_event(state, event)
        case "budget.reached" | "loop.detected" | "files.changed":
            return _standing(state, event)
        case (
            "run.resumed"
            | "policy.changed"
            | "cancellation.requested"
            | "run.completed"
            | "run.failed"
            | "run.cancelled"
        ):
            return _life(state, event)
        case (
            "run.created"
            | "step.started"
            | "step.assigned"
            | "step.postponed"
            | "step.skipped"
            | "step.ended"
            | "comment.added"
            | "check.started"
            | "check.completed"
            | "change.committed"
            | "change.landed"
        ):  # not an agent's events; a fold has no reason to refuse them
            return state


def _standing(state: RunState, event: BudgetReached | LoopDetected | FilesChanged) -> RunState:
    match event.type:
        case "budget.reached":
            return changed(state, short_of=event)
        case "loop.detected":
            return changed(state, warned_at=event.turn, looped=event.stage == "stopped")
        case "files.changed":
            return changed(state, tree=event.tree, unrecorded=False)


def _model_call(
    state: RunState,
    event: ModelCallStarted | ModelCallCompleted | ModelCallFailed | ModelReplaced,
) -> RunState:
    match event.type:
        case "model_call.started":
            return changed(state, attempt=event.attempt, outcome=None)
        case "model_call.failed":
            return changed(state, failures=state.failures + 1, failure=event.failure)
        case (
            "model.replaced"
        ):  # attempts go on counting: each is reserved and recorded under its own number
            return changed(state, position=event.position, failures=0, failure=None)
        case "model_call.completed":
            return opened_turn(state, event)


def _tool_call(
    state: RunState,
    event: ToolCallRefused | ToolCallStarted | ToolCallCompleted | ToolCallInterrupted,
) -> RunState:
    match event.type:
        case "tool_call.refused":
            return call_refused(state, event)
        case "tool_call.started":
            return call_started(state, event)
        case "tool_call.completed":
            settled = call_settled(
                state, event.call_id, event.output or (), is_error=event.is_error
            )
            return _having_read(settled, event.source)
        case "tool_call.interrupted":
            return call_settled(state, event.call_id, error_outputs(event.message), is_error=True)


def _having_read(state: RunState, source: Source) -> RunState:
    if source == "people" or source in state.read:
        return state
    return changed(state, read=state.read | {source})


def _conversation(
    state: RunState,
    event: MessageAdded | MessagesReplaced | ContextCompacted | OutputSet | SubgoalRecorded,
) -> RunState:
    match event:
        case MessageAdded():
            if state.calls:
                return changed(state, late=(*state.late, event.message))
            return _nudged(state, event.message)
        case MessagesReplaced():
            return changed(state, messages=event.messages, own_from=0)
        case ContextCompacted():
            return changed(state, messages=event.messages, own_from=0)
        case SubgoalRecorded():
            return changed(state, subgoals={**state.subgoals, event.id: event.subgoal})
        case OutputSet():
            return changed(state, output_is_set=True, output=event.value)


def _nudged(state: RunState, message: Message) -> RunState:
    """Between turns a message is either the engine's reminder or its note on an answer that was cut."""
    reminded = state.reminded or OUTPUT_REMINDER in message.tags
    recoveries = state.recoveries + (RECOVERY in message.tags)
    program = state.program
    if program is not None and program.mode == "returned":  # from here on the model speaks alone
        program = changed(program, mode="reminded")
    return changed(
        state,
        program=program,
        messages=(*state.messages, message),
        outcome=None,
        reminded=reminded,
        recoveries=recoveries,
    )


def _life(
    state: RunState,
    event: RunResumed
    | PolicyChanged
    | CancellationRequested
    | RunCompleted
    | RunFailed
    | RunCancelled,
) -> RunState:
    match event:
        case RunCompleted() | RunFailed() | RunCancelled():
            return changed(state, terminal=event, gate=None)
        case RunResumed():
            children = tuple(changed(child, waiting=None) for child in state.children)
            return changed(state, epoch=event.epoch, children=children)
        case CancellationRequested():
            return changed(state, cancellation=event)
        case PolicyChanged():
            return changed(state, policy=policy_of(state.subject, event.policy))


AGENT = Folding(begin, evolve)
fold = AGENT.fold

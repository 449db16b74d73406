"""fold: events -> RunState. Total: every prefix of a log folds; what is no agent's log raises LogCorrupt."""

import json

from callboard.domain.errors import LogCorrupt
from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.child_run import (
    ChildRunEnded,
    ChildRunRefused,
    ChildRunStarted,
    ChildRunSuspended,
    HistoryChange,
)
from callboard.domain.events.codec import Recorded
from callboard.domain.events.conversation import (
    ContextCompacted,
    MessageAdded,
    MessagesReplaced,
    OutputSet,
    SubgoalRecorded,
)
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import (
    ApprovalGiven,
    GateDecided,
    GateExpired,
    GateOpened,
    GateWithdrawn,
)
from callboard.domain.events.loop import LoopDetected
from callboard.domain.events.model_call import (
    ModelCallCompleted,
    ModelCallFailed,
    ModelCallStarted,
    ModelReplaced,
)
from callboard.domain.events.run import (
    AgentSubject,
    CancellationRequested,
    PolicyChanged,
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
    ToolCallStarted,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.folding import Folding
from callboard.domain.frozen import changed
from callboard.domain.message import JsonObject, Message, user_message
from callboard.domain.policy import Policy, PolicyLayer
from callboard.domain.run.history import handed_down
from callboard.domain.run.program import after_program_event
from callboard.domain.run.state import Child, RunState
from callboard.domain.run.turn import (
    call_refused,
    call_settled,
    call_started,
    opened_turn,
    with_edited,
)
from callboard.domain.tool import Source, error_outputs

USER_PROMPT = "USER_PROMPT"
INSTRUCTIONS_PROMPT = "INSTRUCTIONS_PROMPT"
OUTPUT_REMINDER = "OUTPUT_REMINDER"
RECOVERY = "RECOVERY"

LOOP = "loop"
"""The subject of a gate that asks whether a run may go on although it goes round in circles."""


def begin(first: Recorded) -> RunState:
    """Return the state after a log's first event."""
    created = first.event
    if not isinstance(created, RunCreated) or not isinstance(created.subject, AgentSubject):
        raise LogCorrupt(f"run {first.run_id}: the log does not begin with an agent's run.created")
    subject = created.subject
    return RunState(
        run_id=first.run_id,
        created=created,
        subject=subject,
        started_at=first.at,
        at=first.at,
        seq=first.seq,
        policy=_policy(subject, subject.policy),
        read=frozenset(subject.read),
        messages=(*subject.history, *_opening(subject)),
        own_from=len(subject.history),
    )


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


def _policy(subject: AgentSubject, layers: tuple[PolicyLayer, ...]) -> Policy:
    """Return all rules of a run: its definition's own are one layer among the others."""
    definition = subject.definition
    own = PolicyLayer(level="agent", name=definition.id, rules=definition.permissions)
    return Policy((*layers, own))


def _opening(subject: AgentSubject) -> tuple[Message, ...]:
    messages: list[Message] = []
    text = _prompt_text(subject.prompt, subject.params)
    if text or subject.attachments:
        asked = user_message(f"<user_message>{text}</user_message>", USER_PROMPT)
        parts = (*asked.parts, *subject.attachments)
        messages.append(asked.model_copy(update={"parts": parts}))
    if subject.instructions.strip():
        messages.append(user_message(subject.instructions, INSTRUCTIONS_PROMPT))
    return tuple(messages)


def _prompt_text(prompt: str | None, params: JsonObject | None) -> str:
    texts = [prompt] if prompt and prompt.strip() else []
    if params:
        texts.append(json.dumps(params, indent=2, ensure_ascii=False))
    return "\n\n".join(texts)


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
            return _child_run(state, event)
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
            return _gate(state, event)
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


def _child_run(
    state: RunState, event: ChildRunStarted | ChildRunRefused | ChildRunSuspended | ChildRunEnded
) -> RunState:
    match event:
        case ChildRunStarted():
            return changed(state, children=(*state.children, Child(event)))
        case ChildRunRefused():
            return changed(state, refused_children=(*state.refused_children, event))
        case ChildRunSuspended():
            return changed(state, children=_children(state, event.child_run_id, waiting=event))
        case ChildRunEnded():
            # What the child did to the files is in its own log; ours compares with what is there now.
            return changed(
                state,
                children=_children(state, event.child_run_id, ended=event),
                bill=state.bill.merged(event.bill),
                usage=state.usage + event.usage,
                messages=_with_inline(state, event.history),
                tree=None,
                read=state.read.union(event.read),
            )


def _with_inline(state: RunState, change: HistoryChange | None) -> tuple[Message, ...]:
    if change is None:
        return state.messages
    return (*handed_down(state.messages)[: change.kept], *change.added)


def _children(
    state: RunState,
    run_id: str,
    *,
    waiting: ChildRunSuspended | None = None,
    ended: ChildRunEnded | None = None,
) -> tuple[Child, ...]:
    return tuple(
        changed(child, waiting=waiting, ended=ended)
        if child.started.child_run_id == run_id
        else child
        for child in state.children
    )


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


def _gate(
    state: RunState,
    event: GateOpened | ApprovalGiven | GateDecided | GateExpired | GateWithdrawn,
) -> RunState:
    gate = state.gate
    if isinstance(event, GateOpened):
        return changed(state, gate=event, approvals=(), gates_opened=state.gates_opened + 1)
    if gate is None or gate.gate_id != event.gate_id:
        return state
    match event:
        case ApprovalGiven():
            return changed(state, approvals=(*state.approvals, event))
        case GateWithdrawn():
            return changed(state, gate=None)
        case GateExpired():
            decisions = (*state.decisions, (gate, event))
            return changed(state, gate=None, decisions=decisions)
        case GateDecided():
            calls = state.calls
            if event.arguments is not None and event.verdict == "approve":
                calls = with_edited(calls, gate.subject, event.arguments)
            decisions = (*state.decisions, (gate, event))
            goes_on = gate.reason == "budget_exceeded" and event.verdict != "reject"
            short_of = None if goes_on else state.short_of
            after = changed(state, gate=None, decisions=decisions, calls=calls, short_of=short_of)
            return _after_loop(after, event) if gate.subject == LOOP else after


def _after_loop(state: RunState, event: GateDecided) -> RunState:
    """Somebody lets the run go on as it does, or not."""
    if event.verdict == "reject":
        return changed(state, looped=True)
    return changed(state, warned_at=state.turn)


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
            return changed(state, policy=_policy(state.subject, event.policy))


AGENT = Folding(begin, evolve)
fold = AGENT.fold

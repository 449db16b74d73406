"""fold: events -> RunState. Total: every prefix of a log folds; what is no agent's log raises LogCorrupt."""

import json
from typing import assert_never

from callboard.domain.errors import LogCorrupt
from callboard.domain.events.child_run import (
    ChildRunEnded,
    ChildRunRefused,
    ChildRunStarted,
    ChildRunSuspended,
)
from callboard.domain.events.codec import Recorded
from callboard.domain.events.conversation import MessageAdded, MessagesReplaced, OutputSet
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import GateDecided, GateOpened
from callboard.domain.events.model_call import (
    ModelCallCompleted,
    ModelCallFailed,
    ModelCallStarted,
)
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
    ToolCallStarted,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.events.workflow import (
    ChangeCommitted,
    CheckCompleted,
    CheckStarted,
    StepEnded,
    StepStarted,
)
from callboard.domain.folding import Folding
from callboard.domain.frozen import changed
from callboard.domain.message import JsonObject, Message, user_message
from callboard.domain.run.state import Child, RunState
from callboard.domain.run.turn import (
    call_refused,
    call_requested,
    call_settled,
    call_started,
    opened_turn,
)
from callboard.domain.tool import error_outputs

USER_PROMPT = "USER_PROMPT"
INSTRUCTIONS_PROMPT = "INSTRUCTIONS_PROMPT"
OUTPUT_REMINDER = "OUTPUT_REMINDER"
RECOVERY = "RECOVERY"


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
        messages=(*subject.history, *_opening(subject)),
        own_from=len(subject.history),
    )


def evolve(state: RunState, recorded: Recorded) -> RunState:
    """Return the state after one more event."""
    after = _apply(state, recorded.event)
    if after is state:
        return changed(state, seq=recorded.seq, at=recorded.at)
    # The copy is ours alone until it is returned: no need for a second one.
    after.__dict__.update(seq=recorded.seq, at=recorded.at)
    return after


def _opening(subject: AgentSubject) -> tuple[Message, ...]:
    messages: list[Message] = []
    text = _prompt_text(subject.prompt, subject.params)
    if text:
        messages.append(user_message(f"<user_message>{text}</user_message>", USER_PROMPT))
    if subject.instructions.strip():
        messages.append(user_message(subject.instructions, INSTRUCTIONS_PROMPT))
    return tuple(messages)


def _prompt_text(prompt: str | None, params: JsonObject | None) -> str:
    texts = [prompt] if prompt and prompt.strip() else []
    if params:
        texts.append(json.dumps(params, indent=2, ensure_ascii=False))
    return "\n\n".join(texts)


def _apply(state: RunState, event: AnyEvent) -> RunState:
    match event:
        case ModelCallStarted() | ModelCallCompleted() | ModelCallFailed():
            return _model_call(state, event)
        case (
            ToolCallRequested()
            | ToolCallRefused()
            | ToolCallStarted()
            | ToolCallCompleted()
            | ToolCallInterrupted()
        ):
            return _tool_call(state, event)
        case ChildRunStarted() | ChildRunRefused() | ChildRunSuspended() | ChildRunEnded():
            return _child_run(state, event)
        case MessageAdded() | MessagesReplaced() | OutputSet():
            return _conversation(state, event)
        case GateOpened() | GateDecided():
            return _gate(state, event)
        case FilesChanged():
            return changed(state, tree=event.tree, unrecorded=False)
        case RunResumed() | CancellationRequested():
            return _interruption(state, event)
        case RunCompleted() | RunFailed() | RunCancelled():
            return changed(state, terminal=event, gate=None)
        case (
            RunCreated()
            | StepStarted()
            | StepEnded()
            | CheckStarted()
            | CheckCompleted()
            | ChangeCommitted()
        ):  # not an agent's events; a fold has no reason to refuse them
            return state
        case _:
            assert_never(event)


def _model_call(
    state: RunState, event: ModelCallStarted | ModelCallCompleted | ModelCallFailed
) -> RunState:
    match event:
        case ModelCallStarted():
            return changed(state, attempt=event.attempt, outcome=None)
        case ModelCallFailed():
            return changed(state, failures=state.failures + 1, failure=event.failure)
        case ModelCallCompleted():
            return opened_turn(state, event)


def _tool_call(
    state: RunState,
    event: ToolCallRequested
    | ToolCallRefused
    | ToolCallStarted
    | ToolCallCompleted
    | ToolCallInterrupted,
) -> RunState:
    match event:
        case ToolCallRequested():
            return call_requested(state, event)
        case ToolCallRefused():
            return call_refused(state, event)
        case ToolCallStarted():
            return call_started(state, event)
        case ToolCallCompleted():
            return call_settled(state, event.call_id, event.output or (), is_error=event.is_error)
        case ToolCallInterrupted():
            return call_settled(state, event.call_id, error_outputs(event.message), is_error=True)


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
                tree=None,
            )


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


def _conversation(state: RunState, event: MessageAdded | MessagesReplaced | OutputSet) -> RunState:
    match event:
        case MessageAdded():
            if state.calls:
                return changed(state, late=(*state.late, event.message))
            return _nudged(state, event.message)
        case MessagesReplaced():
            return changed(state, messages=event.messages, own_from=0)
        case OutputSet():
            return changed(state, output_is_set=True, output=event.value)


def _nudged(state: RunState, message: Message) -> RunState:
    """Between turns a message is either the engine's reminder or its note on an answer that was cut."""
    reminded = state.reminded or OUTPUT_REMINDER in message.tags
    recoveries = state.recoveries + (RECOVERY in message.tags)
    return changed(
        state,
        messages=(*state.messages, message),
        outcome=None,
        reminded=reminded,
        recoveries=recoveries,
    )


def _gate(state: RunState, event: GateOpened | GateDecided) -> RunState:
    match event:
        case GateOpened():
            return changed(state, gate=event, gates_opened=state.gates_opened + 1)
        case GateDecided():
            if state.gate is None or state.gate.gate_id != event.gate_id:
                return state
            decisions = (*state.decisions, (state.gate, event))
            return changed(state, gate=None, decisions=decisions)


def _interruption(state: RunState, event: RunResumed | CancellationRequested) -> RunState:
    match event:
        case RunResumed():
            children = tuple(changed(child, waiting=None) for child in state.children)
            return changed(state, epoch=event.epoch, children=children)
        case CancellationRequested():
            return changed(state, cancellation=event)


AGENT = Folding(begin, evolve)
fold = AGENT.fold

"""Events that are a row each, and those that are none."""

from typing import Final

from callboard.domain.events.budget import BudgetReached
from callboard.domain.events.child_run import ChildRunRefused
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
    ModelReplaced,
)
from callboard.domain.events.program import (
    ProgramEnded,
    ProgramLog,
    ProgramYielded,
    SampleCompleted,
    SampleFailed,
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
from callboard.domain.events.workflow import (
    ChangeCommitted,
    ChangeLanded,
    CommentAdded,
    Considered,
    StepAssigned,
    StepEnded,
    StepPostponed,
    StepSkipped,
    StepStarted,
)
from callboard.domain.run.state import status_of
from callboard.domain.run.tags import USER_PROMPT
from callboard.engine.thread.row import (
    Body,
    Cast,
    Changed,
    Ended,
    Note,
    Player,
    Problem,
    Said,
    StepBegan,
    StepOver,
)
from callboard.engine.thread.words import failure_sentence, one_line, output_text
from callboard.engine.words import exact_dollars

_OPEN, _CLOSE = "<user_message>", "</user_message>"
_LOOPS: Final = {
    "same_call": "The agent makes the same call again and again.",
    "alternating_calls": "The agent goes back and forth between the same calls.",
    "no_new_evidence": "The agent learns nothing new.",
    "spend_without_change": "The agent spends money and changes nothing.",
}
_FINISHES: Final = {
    "length": "cut off: the model may not write more at a time",
    "refusal": "the model refused",
}


def told(recorded: Recorded, who: Player, cast: Cast) -> Body | None:
    """Return the row of an event; None where it has none of its own."""
    match recorded.event:
        case (
            RunCreated() | RunResumed() | CancellationRequested() | RunCompleted() | RunFailed()
        ) | RunCancelled():
            return _of_run(recorded, cast)
        case ModelCallCompleted() | ModelCallFailed() | ModelReplaced() | PolicyChanged():
            return _of_model(recorded.event, who)
        case ProgramYielded() | ProgramEnded() | SampleCompleted() | SampleFailed():
            return _of_program(recorded.event, who)
        case MessageAdded() | MessagesReplaced() | ContextCompacted():
            return _of_conversation(recorded.event)
        case SubgoalRecorded() | OutputSet() | ChildRunRefused():
            return _of_aims(recorded.event)
        case BudgetReached() | LoopDetected() | FilesChanged():
            return _of_limits(recorded)
        case StepStarted() | StepAssigned() | StepPostponed() | StepSkipped() | StepEnded():
            return _of_task(recorded.event, cast)
        case CommentAdded() | ChangeCommitted() | ChangeLanded():
            return _of_change(recorded.event)
        case _:
            return None


def _of_run(recorded: Recorded, cast: Cast) -> Body | None:
    is_root = cast.root in (None, recorded.run_id)
    match recorded.event:
        case RunCreated() as event:  # whoever started a run below tells of it already
            known = event.parent is not None and event.parent.run_id in cast.players
            return None if known else _created(event)
        case RunResumed():
            return Note("Another worker took over where the last one stopped.")
        case CancellationRequested() as event if is_root:
            return Note(f"{event.actor.name} cancelled the run", event.reason, event.actor.name)
        case RunCompleted() | RunFailed() | RunCancelled() as event if is_root:
            text = output_text(event.output)
            return Ended(status_of(event), text, event.cost_usd, event.usage)
        case _:
            return None


def _created(event: RunCreated) -> Note:
    subject = event.subject
    forked = f", forked from {event.forked_from}" if event.forked_from is not None else ""
    name = event.actor.name
    if isinstance(subject, AgentSubject):
        said = f"{name} started {subject.definition.display_name} on {subject.model}{forked}"
        return Note(said, subject.prompt or "", name)
    return Note(
        f"{name} started “{subject.task.title}” with {subject.workflow.title}{forked}",
        subject.task.description,
        name,
    )


def _of_model(
    event: ModelCallCompleted | ModelCallFailed | ModelReplaced | PolicyChanged, who: Player
) -> Body | None:
    match event:
        case ModelCallCompleted():
            return _answer(event, who)
        case ModelCallFailed():
            again = " It is asked again." if event.failure.retryable else ""
            return Problem(f"{failure_sentence(event.failure)}{again}", event.failure.message)
        case ModelReplaced():
            said = f"{event.replaces} does not answer; from here on {event.model} is asked."
            return Note(said, event.failure.message)
        case PolicyChanged():
            return Note("The rules changed. Approvals given under the old ones are void.")


def _answer(event: ModelCallCompleted, who: Player) -> Body | None:
    text = event.message.text.strip()
    note = _FINISHES.get(event.finish, "")
    if text:
        return Said("model", who.name, text, note=note)
    if event.message.tool_calls:
        return None
    return Problem("The model's answer has nothing in it.", note)


def _of_program(
    event: ProgramYielded | ProgramEnded | SampleCompleted | SampleFailed, who: Player
) -> Body | None:
    match event:
        case ProgramYielded():
            said = event.message.text.strip() if event.message is not None and event.shown else ""
            if said:
                return Said("program", who.name, said)
            return _logged(event.logs)
        case ProgramEnded():
            if event.ending == "returned":
                return _logged(event.logs)
            went_apart = event.ending == "diverged"
            what = "did something else than before" if went_apart else "failed"
            return Problem(f"The agent's program {what}.", event.message)
        case SampleCompleted():
            return Note(f"Draft {event.index + 1} is written.", event.text)
        case SampleFailed():
            sentence = f"Draft {event.index + 1} failed. {failure_sentence(event.failure)}"
            return Problem(sentence, event.failure.message)


def _logged(logs: tuple[ProgramLog, ...]) -> Note | None:
    if not logs:
        return None
    said = [log.message or one_line(str(log.data)) for log in logs]
    return Note(one_line(said[0]), "\n".join(said[1:]))


def _of_conversation(
    event: MessageAdded | MessagesReplaced | ContextCompacted,
) -> Body:
    match event:
        case MessageAdded():
            text = event.message.text.strip()
            by_person = USER_PROMPT in event.message.tags
            if by_person:
                text = text.removeprefix(_OPEN).removesuffix(_CLOSE)
            return Said("person" if by_person else "engine", "", text)
        case MessagesReplaced():
            return Note(f"The conversation was replaced by {len(event.messages):,} messages.")
        case ContextCompacted():
            before, after = event.tokens_before, event.tokens_after
            return Note(
                f"The conversation was shortened from about {before:,} to {after:,} tokens."
            )


def _of_aims(event: SubgoalRecorded | OutputSet | ChildRunRefused) -> Body:
    match event:
        case ChildRunRefused():
            return Problem(f"{event.agent} could not be started.", event.message)
        case SubgoalRecorded():
            status = event.subgoal.status.lower().replace("_", " ")
            logs = "\n".join(event.subgoal.logs)
            return Note(f"Goal {event.id}: {event.subgoal.objective} ({status})", logs)
        case OutputSet():
            return Note("The agent set its output.", one_line(str(event.value), 2_000))


def _of_limits(recorded: Recorded) -> Body | None:
    match recorded.event:
        case BudgetReached() as event:
            limit, spent = exact_dollars(event.limit_usd), exact_dollars(event.spent_usd)
            least = event.least_usd
            needs = "" if least is None else f" and the next call needs {exact_dollars(least)}"
            said = f"The budget of {limit} is used up: {spent} is spent{needs}."
            return Problem(said, f"Budget of {event.account}")
        case LoopDetected() as event:
            end = "The run is stopped." if event.stage == "stopped" else "It was told so."
            return Problem(f"{_LOOPS[event.kind]} {end}", "\n".join(event.actions))
        case FilesChanged() as event if event.changes and event.turn:
            return Changed(event.changes, recorded.seq)
        case _:
            return None


def _of_task(
    event: StepStarted | StepAssigned | StepPostponed | StepSkipped | StepEnded, cast: Cast
) -> Body:
    title = cast.titles.get(event.step, event.step)
    match event:
        case StepStarted():
            return StepBegan(event.step, title, event.attempt)
        case StepAssigned():
            said = f"{event.definition.display_name} takes it: {event.reason}"
            return Note(said, _considered(event.considered))
        case StepPostponed():
            said = f"Waits until somebody can do it: {event.reason}"
            return Note(said, _considered(event.considered))
        case StepSkipped():
            return StepOver(title, "skipped", event.reason)
        case StepEnded():
            return StepOver(title, event.outcome, event.reason)


def _considered(agents: tuple[Considered, ...]) -> str:
    return "\n".join(f"{one.agent} {one.version}: {one.finding}" for one in agents)


def _of_change(event: CommentAdded | ChangeCommitted | ChangeLanded) -> Body:
    match event:
        case CommentAdded():
            return Said("person", event.actor.name, event.text)
        case ChangeCommitted():
            if event.commit is None:
                return Note("There was nothing to commit.")
            return Note(f"Commit {event.commit[:12]} on branch {event.branch}")
        case ChangeLanded():
            if event.problem is not None:
                return Problem("The change could not be handed on.", event.problem)
            return Note("The change was handed on.", event.url or "")

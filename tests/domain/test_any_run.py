"""Laws that hold for every run: generated logs, every prefix, every crash."""

from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import Limits
from callboard.domain.events.child_run import ChildRunEnded, ChildRunStarted, ChildRunSuspended
from callboard.domain.events.codec import Recorded
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import GateDecided
from callboard.domain.events.model_call import (
    ModelCallCompleted,
    ModelCallFailed,
    ModelCallStarted,
    ModelFailure,
)
from callboard.domain.events.program import (
    ProgramEnded,
    ProgramYielded,
    SampleCompleted,
    SampleFailed,
    SampleStarted,
)
from callboard.domain.events.run import CancellationRequested, RunCreated, RunResumed
from callboard.domain.events.tool_call import (
    CallRequest,
    ToolCallCompleted,
    ToolCallRefused,
    ToolCallStarted,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import Message, TextPart, ToolCallPart
from callboard.domain.output import LastMessage
from callboard.domain.run.call import Call
from callboard.domain.run.fold import begin, evolve, fold
from callboard.domain.run.state import RunState
from callboard.domain.tool import ToolFacts, json_outputs
from callboard.domain.usage import Bill, Usage, usd
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
from callboard.engine.programs import steps_complete
from callboard.engine.projection import first_row, project
from callboard.runtime.reading import project_all

from .logs import ANN, KINDS, START, agent, created, requests_of
from .made import Draw, any_event, drawn

LONGEST = 60

definitions = st.sampled_from(
    [
        agent(),
        agent(on_unknown_outcome="ask", permissions=({"effect": "ask", "tool": "p*"},)),
        agent(output_mode="structured_output", output_schema={"type": "object"}),
        agent(handle_steps="def handle_steps(ctx): yield", output_schema={"type": "object"}),
        agent(
            handle_steps="def handle_steps(ctx): yield",
            permissions=({"effect": "ask", "tool": "p*"},),
        ),
        agent(output_mode="all_messages", permissions=({"effect": "deny", "tool": "put"},)),
    ]
)
limits = st.builds(
    Limits, turns=st.none() | st.integers(1, 4), cost_usd=st.sampled_from([None, usd(1)])
)


class Outside:
    """Does what a run asks for, in every way in which it can come out. Each answer is one batch."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw

    def batch(self, state: RunState, command: Command) -> list[AnyEvent]:
        return self._interruption(state) or self._answer(state, command)

    def _interruption(self, state: RunState) -> list[AnyEvent]:
        if self.draw(st.integers(0, 11)) == 0:
            return [RunResumed(epoch=state.epoch + 1)]
        if state.cancellation is None and self.draw(st.integers(0, 25)) == 0:
            return [CancellationRequested(actor=ANN, reason="enough")]
        return []

    def _answer(self, state: RunState, command: Command) -> list[AnyEvent]:
        match command:
            case Append():
                return list(command.events)
            case CallModel():
                return self._model_call(command)
            case RunTools():
                return self._tools(state, command.calls)
            case StartChildren():
                return self._children(state, command.call)
            case DriveChildren():
                return self._driven(command.run_ids)
            case CancelChildren():
                return [self._ended(run_id, "cancelled") for run_id in command.run_ids]
            case RecordFiles():
                tree = self.draw(st.sampled_from(["a", "b"]))
                base = command.base_tree or tree
                return [FilesChanged(turn=command.turn, base_tree=base, tree=tree, changes=())]
            case AdvanceProgram() | SampleModel():
                return self._programmed(state, command)
            case Wait() | Rest():
                return self._decision(state) if isinstance(command, Wait) else []

    def _model_call(self, command: CallModel) -> list[AnyEvent]:
        turn, attempt = command.turn, command.attempt
        started = ModelCallStarted(turn=turn, attempt=attempt, model="m")
        if self.draw(st.integers(0, 5)) == 0:
            failure = ModelFailure(reason="server", message="m", retryable=self.draw(st.booleans()))
            return [started, ModelCallFailed(turn=turn, attempt=attempt, failure=failure)]
        tools = self.draw(st.lists(st.sampled_from([*KINDS, "nonsense"]), max_size=3))
        text = self.draw(st.sampled_from(["", "words"]))
        calls = [
            ToolCallPart(call_id=f"c{place}", tool=tool, arguments={})
            for place, tool in enumerate(tools)
        ]
        answer = ModelCallCompleted(
            turn=turn,
            attempt=attempt,
            message=Message(role="assistant", parts=(TextPart(text=text), *calls)),
            finish=self.draw(st.sampled_from(["stop", "length", "tool_calls"])),
            usage=Usage(input_tokens=3),
            cost_usd=self.draw(st.sampled_from([None, usd("0.4")])),
            requests=requests_of(tools, first=0),
        )
        return [
            started,
            answer,
            *(_refused(turn, call) for call in calls if call.tool not in KINDS),
        ]

    def _programmed(self, state: RunState, command: AdvanceProgram | SampleModel) -> list[AnyEvent]:
        if isinstance(command, AdvanceProgram):
            return self._advanced(state)
        return [
            event for index in command.indices for event in self._sample(index, command.attempt)
        ]

    def _advanced(self, state: RunState) -> list[AnyEvent]:
        yields = 0 if state.program is None else state.program.yields
        kind = self.draw(
            st.sampled_from(["tool", "tool", "step", "step_all", "text", "generate", "end"])
        )
        if kind == "end":
            ending = self.draw(st.sampled_from(["returned", "failed"]))
            return [ProgramEnded(ending=ending, message="m")]
        tools = self.draw(
            st.lists(st.sampled_from([*KINDS, "nonsense"]), min_size=kind == "tool", max_size=1)
        )
        asks = tools if kind in ("tool", "text") else []
        calls = [
            ToolCallPart(call_id=f"p{yields + 1}-{place}", tool=tool, arguments={})
            for place, tool in enumerate(asks)
        ]
        text = [TextPart(text="said")] if kind == "text" else []
        yielded = ProgramYielded.model_validate(
            {
                "index": yields + 1,
                "kind": kind,
                "digest": "d",
                "clock": START,
                "steps_complete": steps_complete(state),
                "message": Message(role="assistant", parts=(*text, *calls))
                if calls or text
                else None,
                "shown": self.draw(st.booleans()),
                "requests": tuple(
                    CallRequest(call_id=call.call_id, tool=call.tool, facts=facts(call.tool))
                    for call in calls
                    if call.tool in KINDS
                ),
                "count": 2 if kind == "generate" else 0,
            }
        )
        return [yielded, *(_refused(state.turn, call) for call in calls if call.tool not in KINDS)]

    def _sample(self, index: int, attempt: int) -> list[AnyEvent]:
        started = SampleStarted(index=index, attempt=attempt, model="m")
        if self.draw(st.integers(0, 4)) == 0:
            failure = ModelFailure(reason="server", message="m", retryable=self.draw(st.booleans()))
            return [started, SampleFailed(index=index, attempt=attempt, failure=failure)]
        usage = Usage(input_tokens=3)
        return [started, SampleCompleted(index=index, text="t", usage=usage, cost_usd=usd("0.1"))]

    def _tools(self, state: RunState, calls: tuple[Call, ...]) -> list[AnyEvent]:
        events: list[AnyEvent] = [_started(state, call) for call in calls]
        finished = self.draw(st.permutations(calls))[: self.draw(st.integers(0, len(calls)))]
        events += [
            ToolCallCompleted(
                turn=state.turn, call_id=call.call_id, tool=call.tool, output=json_outputs(1)
            )
            for call in finished
        ]
        if len(finished) < len(calls):
            events.append(RunResumed(epoch=state.epoch + 1))
        return events

    def _children(self, state: RunState, call: Call) -> list[AnyEvent]:
        events: list[AnyEvent] = [_started(state, call)]
        return events + [
            ChildRunStarted(
                origin=call.call_id,
                index=index,
                child_run_id=f"r.{state.turn}-{call.call_id}-{index}",
                agent="b",
                agent_name="B",
                definition_digest="d",
            )
            for index in range(self.draw(st.integers(0, 2)))
        ]

    def _driven(self, run_ids: tuple[str, ...]) -> list[AnyEvent]:
        return [
            self._ended(run_id, "completed")
            if self.draw(st.booleans())
            else ChildRunSuspended(child_run_id=run_id, gate_id="g1", question="?")
            for run_id in run_ids
        ]

    def _ended(self, run_id: str, status: str) -> ChildRunEnded:
        return ChildRunEnded.model_validate(
            {
                "child_run_id": run_id,
                "status": status,
                "output": LastMessage(value="v", text="v"),
                "bill": Bill(known_usd=usd("0.1")),
                "usage": Usage(),
            }
        )

    def _decision(self, state: RunState) -> list[AnyEvent]:
        if state.gate is None:  # a child waits: it was decided about, and the tree is driven again
            return [RunResumed(epoch=state.epoch + 1)]
        verdict = self.draw(st.sampled_from(["approve", "reject"]))
        actor = Actor(kind="person", name="ann")
        return [GateDecided(gate_id=state.gate.gate_id, verdict=verdict, actor=actor)]


def facts(tool: str) -> ToolFacts:
    return ToolFacts(access=KINDS[tool][0], retry_safety=KINDS[tool][1])


def _refused(turn: int, call: ToolCallPart) -> ToolCallRefused:
    return ToolCallRefused(
        turn=turn, call_id=call.call_id, tool=call.tool, reason="unknown_tool", message="?"
    )


def _started(state: RunState, call: Call) -> ToolCallStarted:
    return ToolCallStarted(turn=state.turn, call_id=call.call_id, tool=call.tool, epoch=state.epoch)


@st.composite
def runs(draw: st.DrawFn) -> list[list[Recorded]]:
    """A run as the batches that a store commits."""
    first = created(draw(definitions), limits=draw(limits))
    batches = [[Recorded("r", 1, START, first)]]
    state = begin(batches[0][0])
    outside = Outside(drawn(draw))
    while len(batches) < LONGEST:
        events = outside.batch(state, decide(state))
        if not events:
            break
        batch = [
            Recorded("r", state.seq + place, START, event)
            for place, event in enumerate(events, start=1)
        ]
        for entry in batch:
            state = evolve(state, entry)
        batches.append(batch)
    return batches


def flat(batches: list[list[Recorded]]) -> list[Recorded]:
    return [entry for batch in batches for entry in batch]


@settings(max_examples=150, deadline=None)
@given(runs())
def test_every_prefix_that_a_store_can_hold_has_exactly_one_next_step(batches):
    for end in range(1, len(batches) + 1):
        prefix = flat(batches[:end])
        assert decide(fold(prefix)) == decide(fold(prefix))


@settings(max_examples=100, deadline=None)
@given(runs())
def test_folding_at_once_and_step_by_step_come_to_the_same(batches):
    log = flat(batches)
    state = begin(log[0])
    for end, entry in enumerate(log[1:], start=2):
        state = evolve(state, entry)
        assert state == fold(log[:end])


@settings(max_examples=100, deadline=None)
@given(runs())
def test_a_listing_kept_up_step_by_step_is_the_one_rebuilt_from_zero(batches):
    first = batches[0][0]
    assert isinstance(first.event, RunCreated)
    row = first_row(first, first.event)
    for batch in batches[1:]:
        row = project(row, batch)
    assert row == project_all(flat(batches))


@settings(max_examples=100, deadline=None)
@given(runs())
def test_a_run_ends_once_and_nothing_follows(batches):
    types = [entry.event.type for entry in flat(batches)]
    endings = [name for name in types if name in {"run.completed", "run.failed", "run.cancelled"}]
    assert len(endings) <= 1
    if endings:
        assert decide(fold(flat(batches))) == Rest()


@settings(max_examples=100, deadline=None)
@given(runs())
def test_no_unsafe_call_is_begun_twice_without_a_consent_in_between(batches):
    begun: dict[tuple[int, str], int] = {}
    consents: dict[str, int] = {}
    unsafe: set[tuple[int, str]] = set()
    gates: dict[str, tuple[str, str]] = {}
    turn = 0
    for entry in flat(batches):
        match entry.event:
            case ModelCallCompleted(requests=requests) | ProgramYielded(requests=requests):
                turn = entry.event.turn if isinstance(entry.event, ModelCallCompleted) else turn
                for request in requests:
                    if request.facts.retry_safety == "unsafe":
                        unsafe.add((turn, request.call_id))
                        consents[request.call_id] = 0
            case ToolCallStarted(call_id=call_id):
                begun[turn, call_id] = begun.get((turn, call_id), 0) + 1
                if (turn, call_id) in unsafe:
                    assert begun[turn, call_id] <= 1 + consents[call_id]
            case GateDecided(gate_id=gate_id, verdict="approve"):
                reason, call_id = gates[gate_id]
                consents[call_id] = consents.get(call_id, 0) + (reason == "outcome_unknown")
            case event if event.type == "gate.opened":
                gates[event.gate_id] = (event.reason, event.subject)
            case _:
                pass


@settings(max_examples=100, deadline=None)
@given(runs())
def test_every_call_in_the_conversation_has_its_result_in_the_message_behind_it(batches):
    """Vendors refuse anything else."""
    state = fold(flat(batches))
    messages = state.messages
    for place, message in enumerate(messages):
        asked = {part.call_id for part in message.tool_calls}
        if asked and place + 1 < len(messages):
            answered = {
                part.call_id for part in messages[place + 1].parts if part.kind == "tool_result"
            }
            assert answered == asked


@settings(max_examples=100, deadline=None)
@given(runs())
def test_turns_and_attempts_are_counted_without_gaps(batches):
    turns = [e.event.turn for e in flat(batches) if isinstance(e.event, ModelCallCompleted)]
    assert turns == list(range(1, len(turns) + 1))


@settings(max_examples=200, deadline=None)
@given(st.lists(any_event(), max_size=12))
def test_a_fold_takes_any_events_in_any_order(events):
    """Nonsense adds up to something; it never raises."""
    log = [Recorded("r", 1, START, created())]
    log += [Recorded("r", seq, START, event) for seq, event in enumerate(events, start=2)]
    assert fold(log).seq == len(log)

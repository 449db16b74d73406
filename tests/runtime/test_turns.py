"""How a run goes from turn to turn."""

import pytest

from callboard.domain.definition.agent import Limits
from callboard.domain.events.codec import Recorded
from callboard.domain.events.model_call import ModelCallCompleted, ModelCallFailed
from callboard.domain.events.tool_call import ToolCallCompleted, ToolCallRefused, ToolCallStarted
from callboard.domain.message import JsonObject
from callboard.domain.org.principal import as_owner
from callboard.domain.output import ErrorOutput, StructuredOutput
from callboard.domain.usage import usd
from callboard.ports.model import ModelRequest
from callboard.runtime.children import Ended
from callboard.testing.clock import PatientClock
from callboard.testing.model import ScriptedCall, ScriptedError, ScriptedProvider, Turn
from callboard.testing.rig import ANN, rig
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.world import World
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.runs import show_run
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.verify_run import verify_run

from .script import agent, call, says

pytestmark = pytest.mark.anyio


async def run(app: App, agent_id: str = "a", prompt: str = "go", **limits: object) -> Ended:
    wish = StartRun("r", agent_id, "/w", prompt, limits=Limits.model_validate(limits))
    return await start_run(app, as_owner(ANN), wish)


async def events(app: App) -> list[Recorded]:
    return (await show_run(app, as_owner(ANN), "r")).events


def texts(request: ModelRequest) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in request.messages]


def value(ended: Ended) -> object:
    assert ended.terminal is not None
    return ended.terminal.output.model_dump().get("value")


def message(ended: Ended) -> str:
    assert ended.terminal is not None
    assert isinstance(ended.terminal.output, ErrorOutput)
    return ended.terminal.output.message


async def test_an_answer_without_calls_ends_the_run_with_its_text():
    app = rig(says(a=[Turn(text="hello")]), agent("a"))
    assert value(await run(app)) == "hello"


async def test_every_event_of_a_run_has_all_fields_of_its_kind_and_is_written_as_it_is_read():
    turns = [Turn(calls=(call("look", path="a"),)), Turn(text="done")]
    app = rig(says(a=turns), agent("a", "look"))
    recorded: list[Recorded] = []
    with app.ports.live.watching(lambda event, _: recorded.append(event)):
        await run(app)
    assert len(recorded) == 8
    for event in (one.event for one in recorded):
        assert vars(event).keys() == type(event).model_fields.keys()
        assert type(event).model_validate_json(event.model_dump_json()) == event
    assert recorded == await events(app)


async def test_a_tools_result_is_there_in_the_next_request_and_the_step_prompt_only_in_its_own():
    provider = says(a=[Turn(text="Looking.", calls=(call("look", path="a"),)), Turn(text="Done.")])
    definition = agent("a", "look", instructions_prompt="I", step_prompt="S", system_prompt="Sys")
    await run(rig(provider, definition, world=World({"a": "1"})), prompt="fix it")
    first, second = provider.requests
    opening = [("user", "<user_message>fix it</user_message>"), ("user", "I")]
    step = [("user", "<system_reminder>S</system_reminder>")]
    assert texts(first) == opening + step
    assert texts(second) == [*opening, ("assistant", "Looking."), ("tool", ""), *step]
    assert first.system == second.system == "Sys"
    assert second.messages[: first.stable] == first.messages[: first.stable]


async def test_end_turn_ends_the_run_after_the_other_calls_of_its_answer():
    world = World()
    provider = says(a=[Turn(text="bye", calls=(call("end_turn"), call("put", path="x", text="1")))])
    ended = await run(rig(provider, agent("a", "put", "end_turn"), world=world))
    assert world.files == {"x": "1"}
    assert value(ended) == "bye"


async def test_reads_run_side_by_side_and_writes_wait_for_what_came_before():
    calls = (
        call("look", path="a"),
        call("look", path="b"),
        call("put", path="a", text="1"),
        call("look", path="a"),
    )
    app = rig(says(a=[Turn(calls=calls), Turn(text="ok")]), agent("a", "look", "put"))
    await run(app)
    kinds = [
        entry.event.type
        for entry in await events(app)
        if isinstance(entry.event, ToolCallStarted | ToolCallCompleted)
    ]
    started, completed = "tool_call.started", "tool_call.completed"
    assert kinds[:4] == [started, started, completed, completed]
    assert kinds[4:] == [started, completed, started, completed]


@pytest.mark.parametrize(
    ("scripted", "reason", "told"),
    [
        (
            ScriptedCall(tool="look", raw="{not json"),
            "invalid_arguments",
            "expected the tool arguments",
        ),
        (ScriptedCall(tool="look", raw="[1]"), "invalid_arguments", "JSON object"),
        (call("look", path=3), "invalid_arguments", "path: expected a string"),
        (call("loook", path="x"), "unknown_tool", "Did you mean `look`?"),
        (call("pay", path="x"), "not_available", "Your tools: look"),
        (ScriptedCall(tool="", arguments={}), "unknown_tool", "does not exist"),
        (ScriptedCall(tool="x" * 300, arguments={}), "unknown_tool", "does not exist"),
        (ScriptedCall(tool="lооk", arguments={"path": "x"}), "unknown_tool", "does not exist"),
    ],
    ids=["broken", "list", "schema", "typo", "not-offered", "empty", "long", "look-alike"],
)
async def test_a_call_that_does_not_fit_goes_back_to_the_model(
    scripted: ScriptedCall, reason: str, told: str
):
    provider = says(a=[Turn(calls=(scripted,)), Turn(text="sorry")])
    app = rig(provider, agent("a", "look"))
    assert value(await run(app)) == "sorry"
    refused = [e.event for e in await events(app) if isinstance(e.event, ToolCallRefused)]
    assert [each.reason for each in refused] == [reason]
    assert told in refused[0].message
    result = provider.requests[1].messages[-1]
    assert result.role == "tool"


async def test_duplicate_call_ids_are_told_apart():
    same = ScriptedCall(tool="look", arguments={"path": "a"}, call_id="same")
    app = rig(says(a=[Turn(calls=(same, same)), Turn(text="ok")]), agent("a", "look"))
    await run(app)
    answers = [e.event for e in await events(app) if isinstance(e.event, ModelCallCompleted)]
    ids = [part.call_id for part in answers[0].message.tool_calls]
    assert len(set(ids)) == 2


async def test_a_retryable_failure_is_tried_again_after_the_providers_own_wish():
    clock = PatientClock()
    turn = Turn(
        text="at last",
        error=ScriptedError(reason="rate_limited", retryable=True, retry_after_s=7, times=2),
    )
    app = rig(says(a=[turn]), agent("a"), clock=clock)
    assert value(await run(app)) == "at last"
    assert clock.slept.count(7) == 2


async def test_a_provider_that_keeps_failing_ends_the_run_after_bounded_retries():
    turn = Turn(text="never", error=ScriptedError(reason="overloaded", retryable=True, times=99))
    app = rig(says(a=[turn]), agent("a"))
    assert "failed 5 times" in message(await run(app))
    failures = [e for e in await events(app) if isinstance(e.event, ModelCallFailed)]
    assert len(failures) == 5


async def test_a_failure_that_cannot_pass_ends_the_run_at_once():
    turn = Turn(
        text="never", error=ScriptedError(reason="auth", message="bad key", retryable=False)
    )
    assert "bad key" in message(await run(rig(says(a=[turn]), agent("a"))))


async def test_a_request_that_no_script_foresees_ends_the_run_with_a_message():
    assert "script" in message(await run(rig(says(a=[]), agent("a"))))


async def test_the_turn_limit_ends_the_run_and_is_named():
    looks = [Turn(calls=(call("look", path="a"),)) for _ in range(5)]
    app = rig(says(a=looks), agent("a", "look"))
    assert "limit of 2 turns" in message(await run(app, turns=2))


@pytest.mark.parametrize("budget", ["0.00", "0.02"])
async def test_the_budget_ends_the_run_before_another_call_is_paid(budget: str):
    turns = [Turn(calls=(call("look", path="a"),), cost_usd=usd("0.01")) for _ in range(9)]
    provider = says(a=turns)
    ended = await run(rig(provider, agent("a", "look")), cost_usd=budget)
    assert message(ended) == f"The run reached its budget (--budget): ${budget} of ${budget} spent."
    assert ended.bill.known_usd == usd(budget)


async def test_a_budget_cannot_be_kept_with_a_model_of_unknown_price():
    turns = [Turn(calls=(call("look", path="a"),), cost_usd=None), Turn(text="x")]
    ended = await run(rig(says(a=turns), agent("a", "look")), cost_usd="1")
    assert "unknown" in message(ended)
    assert ended.terminal is not None
    assert ended.terminal.cost_usd is None


async def test_a_run_stops_when_its_wall_time_is_over():
    clock = PatientClock()
    failing = Turn(
        text="late", error=ScriptedError(reason="timeout", retryable=True, retry_after_s=60)
    )
    app = rig(says(a=[failing]), agent("a"), clock=clock)
    assert "wall-time" in message(await run(app, wall_time_s=30))


async def test_structured_output_is_checked_and_the_model_corrects_it():
    schema: JsonObject = {"type": "object", "required": ["summary"]}
    provider = says(
        a=[
            Turn(calls=(call("set_output", wrong=1),)),
            Turn(calls=(call("set_output", data={"summary": "ok"}),)),
        ]
    )
    definition = agent("a", "set_output", output_mode="structured_output", output_schema=schema)
    ended = await run(rig(provider, definition))
    assert value(ended) == {"summary": "ok"}


async def test_a_run_that_must_give_output_is_reminded_once():
    schema: JsonObject = {"type": "object", "required": ["n"]}
    definition = agent("a", output_mode="structured_output", output_schema=schema)
    provider = says(a=[Turn(text="done"), Turn(calls=(call("set_output", n=1),))])
    assert value(await run(rig(provider, definition))) == {"n": 1}
    provider = says(a=[Turn(text="done"), Turn(text="still done")])
    ended = await run(rig(provider, definition))
    assert ended.terminal is not None
    assert ended.terminal.output == StructuredOutput(value=None)


async def test_an_answer_cut_off_at_the_output_limit_is_continued_a_bounded_number_of_times():
    cut = Turn(text="and then", finish="length")
    assert value(await run(rig(says(a=[cut, Turn(text="the end")]), agent("a")))) == "the end"
    assert "cut off" in message(await run(rig(says(a=[cut] * 9), agent("a"))))


async def test_all_messages_are_returned_in_the_languages_shape():
    provider = says(a=[Turn(calls=(call("look", path="a"),)), Turn(text="ok")])
    definition = agent("a", "look", output_mode="all_messages")
    found = value(await run(rig(provider, definition)))
    assert isinstance(found, tuple)
    assert [entry["role"] for entry in found] == ["user", "assistant", "tool", "assistant"]


async def test_set_messages_replaces_the_conversation_without_orphaned_results():
    turns = [
        Turn(calls=(call("set_messages", messages=[{"role": "user", "content": "only this"}]),)),
        Turn(text="never asked"),
    ]
    provider = says(a=[turns[0]])
    await run(rig(provider, agent("a", "set_messages", "look")))
    assert len(provider.requests) == 1


async def test_a_scripted_model_costs_nothing_and_an_unknown_price_is_not_nothing():
    free = await run(rig(says(a=[Turn(text="x")]), agent("a")))
    unknown = await run(rig(says(a=[Turn(text="x", cost_usd=None)]), agent("a")))
    assert free.terminal is not None
    assert unknown.terminal is not None
    assert free.terminal.cost_usd == 0
    assert unknown.terminal.cost_usd is None


async def test_unknown_tools_in_a_definition_are_not_offered():
    provider: ScriptedProvider = says(a=[Turn(text="x")])
    await run(rig(provider, agent("a", "look", "web_search")))
    assert [tool.name for tool in provider.requests[0].tools] == ["look"]


async def test_a_run_keeps_the_definition_that_it_was_started_with():
    provider = says(a=[Turn(calls=(call("pay", path="x", text="$"),)), Turn(text="paid")])
    disk = MemoryDisk()
    ask = [{"effect": "ask", "tool": "pay"}]
    before = agent("a", "pay", system_prompt="the old mandate", permissions=ask)
    app = rig(provider, before, store=MemoryEventStore(disk))
    await run(app)
    await app.close()
    edited = agent("a", "look", system_prompt="a new mandate")
    app = rig(provider, edited, store=MemoryEventStore(disk))
    gate = await open_gate(app, as_owner(ANN), "r")
    await decide_gate(app, as_owner(ANN), "r", Decision("approve"), digest=gate.gate.digest)
    assert [request.system for request in provider.requests] == ["the old mandate"] * 2


async def test_text_that_utf8_cannot_hold_costs_no_event_and_no_run():
    provider = says(
        a=[Turn(text="half \ud800 a pair", calls=(call("look", path="\udfff"),)), Turn(text="ok")]
    )
    app = rig(provider, agent("a", "look"))
    assert value(await run(app, prompt="broken \udce9 prompt")) == "ok"
    assert (await verify_run(app, as_owner(ANN), "r")).problems == ()

"""Runs that go round in circles: seen by what came of their calls, warned once, then stopped or asked about."""

import pytest

from callboard.domain.definition.agent import Limits
from callboard.domain.events.loop import LoopDetected
from callboard.domain.org.principal import as_owner
from callboard.domain.usage import usd
from callboard.runtime.children import Ended
from callboard.runtime.reading import load
from callboard.testing.model import Turn
from callboard.testing.rig import ANN, BEN, rig
from callboard.testing.world import World
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.start_run import StartRun, start_run

from .script import agent, call, says

pytestmark = pytest.mark.anyio


def look(path: str = "x", **more: object) -> Turn:
    return Turn.model_validate({"calls": (call("look", path=path),), **more})


def put(path: str, text: str, **more: object) -> Turn:
    return Turn.model_validate({"calls": (call("put", path=path, text=text),), **more})


async def run(turns: list[Turn], **wish: object) -> tuple[App, Ended]:
    app = rig(says(a=turns), agent("a", "look", "put", "think_deeply"), world=World())
    ended = await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go", **wish))  # pyright: ignore[reportArgumentType]
    return app, ended


async def found(app: App) -> list[LoopDetected]:
    entries = await load(app.ports.store, "r")
    return [entry.event for entry in entries if isinstance(entry.event, LoopDetected)]


def code(ended: Ended) -> str:
    assert ended.terminal is not None
    return str(ended.terminal.output.model_dump().get("code", "ok"))


async def test_the_same_call_with_the_same_result_is_warned_about_and_then_ends_the_run():
    app, ended = await run([look(cost_usd="0.03")] * 30)
    assert code(ended) == "loop"
    warned, stopped = await found(app)
    assert (warned.kind, warned.stage, warned.turn) == ("same_call", "warned", 4)
    assert (stopped.stage, stopped.turn) == ("stopped", 10), "once it has burnt 25 cents"
    assert ended.terminal is not None
    message = str(ended.terminal.output.model_dump()["message"])
    assert message.count('look {"path": "x"} → {"x": null}') == 4, "the last ones side by side"


async def test_circling_that_costs_nothing_is_tolerated_longer_and_not_for_ever():
    app, ended = await run([look()] * 100)
    assert code(ended) == "loop"
    assert [(one.stage, one.turn) for one in await found(app)] == [("warned", 4), ("stopped", 61)]


async def test_the_model_reads_the_warning_and_may_change_its_ways():
    turns = [*[look()] * 4, *[put(f"f{n}", "new") for n in range(12)], Turn(text="done")]
    provider = says(a=turns)
    app = rig(provider, agent("a", "look", "put"))
    ended = await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    assert code(ended) == "ok"
    assert "the same each time" in str(provider.calls[4].request.messages[-1].parts)
    assert [one.stage for one in await found(app)] == ["warned"]


async def test_two_calls_by_turns_are_a_loop():
    app, ended = await run([look("x", cost_usd="0.05"), look("y")] * 12)
    assert code(ended) == "loop"
    assert {one.kind for one in await found(app)} <= {"alternating_calls", "no_new_evidence"}
    assert (await found(app))[0].kind == "alternating_calls"


async def test_growing_arguments_that_bring_nothing_new_are_a_loop():
    same = [
        Turn(calls=(call("look", path="x", text="x" * n),), cost_usd=usd("0.05")) for n in range(30)
    ]
    app, ended = await run(same)
    assert code(ended) == "loop"
    assert (await found(app))[0].kind == "no_new_evidence"


async def test_the_same_call_whose_result_changes_is_no_loop():
    turns = [each for n in range(12) for each in (put("x", f"v{n}"), look())]
    app, ended = await run([*turns, Turn(text="done")])
    assert code(ended) == "ok"
    assert await found(app) == []


async def test_writing_many_files_with_the_same_answer_is_no_loop():
    app, ended = await run([*[put(f"f{n}", "same") for n in range(25)], Turn(text="done")])
    assert code(ended) == "ok"
    assert await found(app) == []


async def test_a_loop_in_one_turn_is_no_reason_to_ask_again_in_the_next():
    app, ended = await run([*[look()] * 5, Turn(text="I know enough.")])
    assert code(ended) == "ok"
    assert len(await found(app)) == 1


@pytest.mark.parametrize("times", [4, 5, 40])
async def test_the_same_call_many_times_in_one_answer_is_warned_about_once(times: int):
    at_once = Turn(calls=tuple(call("look", path="x") for _ in range(times)))
    app, ended = await run([at_once, Turn(text="I know enough.")])
    assert code(ended) == "ok"
    assert [one.stage for one in await found(app)] == ["warned"]


async def test_money_that_goes_into_nothing_is_a_loop_where_there_is_a_budget():
    idle = [
        put("x", "1", cost_usd="0.04") if n % 5 == 0 else look(f"new{n}", cost_usd="0.04")
        for n in range(30)
    ]
    turns = [put("x", "1", cost_usd="0.01"), *idle]
    app, ended = await run(turns, limits=Limits(cost_usd=usd("1")))
    assert code(ended) == "loop"
    assert (await found(app))[0].kind == "spend_without_change"


async def test_where_it_is_to_wait_a_person_says_whether_it_may_go_on():
    app, waiting = await run([look()] * 30, on_limit="wait")
    assert waiting.terminal is None
    gate = await open_gate(app, as_owner(ANN), "r")
    assert gate.gate.subject == "loop"
    assert gate.gate.question.count("→") == 4
    again = await decide_gate(app, as_owner(BEN), "r", Decision("approve"), digest=gate.gate.digest)
    assert again.terminal is None, "it goes on for a few turns, and asks again"
    second = await open_gate(app, as_owner(ANN), "r")
    assert second.gate.digest != gate.gate.digest
    ended = await decide_gate(
        app, as_owner(BEN), "r", Decision("reject"), digest=second.gate.digest
    )
    assert code(ended) == "loop"

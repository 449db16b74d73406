"""Agents from Python: the few lines that most people will ever write, and what they promise."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from callboard import Agent, Callboard, Limits, RunFailed, ToolContext, tool
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.codec import Recorded
from callboard.ports.model import TextDelta
from callboard.ports.tools import ArgumentsInvalid
from callboard.sdk.streams import Piece
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn

pytestmark = pytest.mark.anyio


def agent(*tools: str, **fields: Any) -> Agent:
    return Agent.model_validate(
        {"id": "helper", "display_name": "Helper", "model": "scripted/helper", "tool_names": tools}
        | fields
    )


def call(name: str, **arguments: object) -> ScriptedCall:
    return ScriptedCall.model_validate({"tool": name, "arguments": arguments})


@pytest.fixture
def board(tmp_path):
    def open_board(*turns: Turn, **more: Any) -> Callboard:
        more.setdefault(
            "providers", {"scripted": ScriptedProvider({"helper": Script(turns=turns)})}
        )
        environ = {"CALLBOARD_HOME": str(tmp_path / "home"), "CALLBOARD_USER": "ann"}
        return Callboard(tmp_path, environ=environ, **more)

    return open_board


@tool(access="read", retry_safety="pure")
def weather(city: str, days: int = 1) -> dict[str, object]:
    """Say the weather in a city."""
    return {"city": city, "days": days, "sky": "clear"}


async def test_an_agent_is_run_in_a_few_lines(board):
    async with board(Turn(text="Hello.")) as callboard:
        result = await callboard.run(agent(), "Say hello")
    assert (result.status, result.text, result.value) == ("completed", "Hello.", "Hello.")


async def test_a_function_is_a_tool_and_its_result_goes_to_the_model(board):
    turns = (Turn(calls=(call("weather", city="Rome"),)), Turn(text="Clear."))
    async with board(*turns, tools=[weather]) as callboard:
        result = await callboard.run(agent("weather"), "Rome?")
    assert result.text == "Clear."
    told = [
        part for message in result.messages for part in message.parts if part.kind == "tool_result"
    ]
    assert '"sky": "clear"' in told[0].model_dump_json().replace('":"', '": "')


async def test_a_tool_may_be_async_see_its_context_and_return_rich_values(board):
    class Report(BaseModel):
        root: str

    @dataclass
    class Pair:
        left: int

    @tool(access="read", retry_safety="pure")
    async def where(context: ToolContext) -> list[object]:
        """Say where the work is done."""
        await asyncio.sleep(0)
        return [Report(root=context.workspace.root), Pair(left=1)]

    turns = (Turn(calls=(call("where"),)), Turn(text="ok"))
    async with board(*turns, tools=[where]) as callboard:
        result = await callboard.run(agent("where"), "go")
    assert "context" not in str(where.spec.input_schema)
    assert '"left":1' in result.messages[-2].model_dump_json()


async def test_a_tool_that_raises_is_a_failed_call_and_the_run_goes_on(board):
    @tool
    def broken() -> str:
        """Break."""
        raise ValueError("no luck")

    turns = (Turn(calls=(call("broken"),)), Turn(text="I see."))
    async with board(*turns, tools=[broken]) as callboard:
        result = await callboard.run(agent("broken"), "go")
    assert result.text == "I see."
    assert "no luck" in result.messages[-2].model_dump_json()


def test_types_become_the_schema_and_wrong_arguments_are_explained():
    schema = weather.spec.input_schema
    assert schema["required"] == ["city"]
    assert weather.spec.description == "Say the weather in a city."
    assert weather.normalise({"city": "Rome"}) == {"city": "Rome", "days": 1}
    with pytest.raises(ArgumentsInvalid, match="city: Field required"):
        weather.normalise({})
    assert weather("Rome")["sky"] == "clear"


def test_a_function_that_cannot_be_described_to_a_model_is_refused_at_once():
    def untold() -> None:
        pass

    with pytest.raises(ValueError, match="docstring"):
        tool(untold)

    def untyped(a) -> None:
        """Do."""

    def any_number(*a: int) -> None:
        """Do."""

    with pytest.raises(ValueError, match="a needs a type"):
        tool(untyped)
    with pytest.raises(ValueError, match="cannot be described"):
        tool(any_number)


async def test_a_conversation_is_continued_by_a_later_run(board):
    async with board(Turn(text="I am Ada."), Turn(text="Ada.")) as callboard:
        first = await callboard.run(agent(), "Who are you?")
        second = await callboard.run(agent(), "Once more?", previous_run=first)
    assert second.text == "Ada."
    texts = [message.text for message in second.messages]
    assert texts[:2] == ["<user_message>Who are you?</user_message>", "I am Ada."]
    assert second.output is not None
    assert first.run_id != second.run_id


async def test_events_are_typed_objects_and_pieces_of_text_come_in_between(board):
    seen: list[Recorded | Piece] = []
    async with board(Turn(text="Hello there.")) as callboard:
        watched = callboard.stream(agent(), "go")
        async for item in watched:
            seen += [item]
    kinds = [item.event.type for item in seen if isinstance(item, Recorded)]
    assert kinds == ["run.created", "model_call.started", "model_call.completed", "run.completed"]
    pieces = [item.delta for item in seen if isinstance(item, Piece)]
    assert "".join(one.text for one in pieces if isinstance(one, TextDelta)) == "Hello there."
    assert watched.result.text == "Hello there."


async def test_leaving_a_stream_early_ends_the_run(board):
    looks = Turn(calls=(call("list_directory", path="."),))
    async with board(looks, Turn(text="Never said.", delay_s=3600)) as callboard:
        watched = callboard.stream(agent("list_directory"), "go", run_id="left")
        items = aiter(watched)
        async for item in items:
            if isinstance(item, Recorded) and item.event.type == "model_call.completed":
                break
        await items.aclose()
        again = await callboard.resume("left")
    assert again.status == "cancelled"


async def test_a_run_that_fails_says_so_where_its_answer_is_asked_for(board):
    async with board(Turn(calls=(call("list_directory", path="."),))) as callboard:
        result = await callboard.run(agent("list_directory"), "go", limits=Limits(turns=1))
    assert result.status == "failed"
    assert "limit" in (result.error or "")
    with pytest.raises(RunFailed, match="limit"):
        _ = result.text


async def test_what_is_not_there_is_named(board):
    async with board() as callboard:
        with pytest.raises(UnknownThing, match="nobody"):
            await callboard.run("nobody", "go")
        with pytest.raises(UnknownThing):
            await callboard.run(agent(), "go", previous_run="no-such-run")
    with pytest.raises(RuntimeError, match="async with"):
        await callboard.run(agent(), "go")


async def test_agents_that_are_given_can_be_spawned(board):
    lead = agent("spawn_agents", spawnable_agents=("leaf",))
    leaf = agent(id="leaf", model="scripted/leaf")
    provider = ScriptedProvider(
        {
            "helper": Script(
                turns=(
                    Turn(calls=(call("spawn_agents", agents=[{"agent_type": "leaf"}]),)),
                    Turn(text="done"),
                )
            ),
            "leaf": Script(turns=(Turn(text="leaf here"),)),
        }
    )
    async with board(agents=[leaf], providers={"scripted": provider}) as callboard:
        callboard._additions.providers["scripted"] = provider
        result = await callboard.run(lead, "go")
    assert "leaf here" in str(result.messages)


async def test_an_input_that_does_not_fit_is_refused_before_anything_runs(board):
    needs = agent(input_schema={"params": {"type": "object", "required": ["n"]}})
    async with board() as callboard:
        with pytest.raises(ConfigurationInvalid, match="n"):
            await callboard.run(needs, "go")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"max_turns": 3}, "no option max_turns; there are params"),
        ({"limit": Limits(turns=1)}, "did you mean limits"),
        ({"agent": {"id": "x"}}, r"agent must be an agent's id, or a `callboard.Agent`, not dict"),
        ({"prompt": 5}, "prompt must be a text, not int"),
        ({"params": "{}"}, "params must be a dictionary, not str"),
        ({"limits": {"turns": 1}}, "limits must be `callboard.Limits`, not dict"),
    ],
)
async def test_a_call_that_says_what_nobody_reads_is_refused_before_anything_begins(
    board, wrong, said
):
    async with board() as callboard:
        with pytest.raises(TypeError, match=said):
            await callboard.run(**{"agent": agent(), "prompt": "go"} | wrong)


async def test_a_run_in_a_directory_that_is_not_there_is_refused_before_it_begins(tmp_path):
    environ = {"CALLBOARD_HOME": str(tmp_path / "home"), "CALLBOARD_USER": "ann"}
    providers = {"scripted": ScriptedProvider({"helper": Script()})}
    async with Callboard(tmp_path / "gone", environ=environ, providers=providers) as callboard:
        with pytest.raises(ConfigurationInvalid, match="gone is not a directory"):
            await callboard.run(agent(), "go", run_id="r")
        with pytest.raises(UnknownThing):
            await callboard.resume("r")

"""The scripted model: exact, strict, and the same in every process."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from callboard.domain.errors import ConfigurationInvalid, ModelError
from callboard.domain.message import Message, TextPart, ToolCallPart, user_message
from callboard.ports.model import ModelAnswer, ModelRequest, TextDelta
from callboard.testing.model import (
    Match,
    Rule,
    Script,
    ScriptedCall,
    ScriptedError,
    ScriptedProvider,
    Turn,
    UnconsumedTurns,
    UnexpectedModelCall,
    load_scripts,
    parse_scripts,
)
from callboard.testing.model.contract import Watcher, ask, tool_message

pytestmark = pytest.mark.anyio


def scripted(*turns: Turn, by: Any = "history", rules: tuple[Rule, ...] = ()) -> ScriptedProvider:
    return ScriptedProvider({"demo": Script(turns=turns, rules=rules, by=by)})


def after(answers: int, text: str = "go", **more: str) -> ModelRequest:
    said = Message(role="assistant", parts=(TextPart(text="earlier"),))
    return ask(*([said] * answers), user_message(text), model="scripted/demo", **more)


async def text_of(provider: ScriptedProvider, request: ModelRequest) -> str:
    answer: ModelAnswer = await provider.complete(request, Watcher())
    return "".join(part.text for part in answer.parts if isinstance(part, TextPart))


async def test_by_history_the_request_itself_chooses_the_turn():
    turns = (Turn(text="one"), Turn(text="two"), Turn(text="three"))
    assert await text_of(scripted(*turns), after(1)) == "two"
    other_process = scripted(*turns)
    assert await text_of(other_process, after(2)) == "three"
    assert await text_of(other_process, after(0)) == "one"


async def test_by_order_calls_are_counted_whoever_makes_them():
    provider = scripted(Turn(text="one"), Turn(text="two"), by="order")
    assert await text_of(provider, after(5, conversation="a")) == "one"
    assert await text_of(provider, after(0, conversation="b")) == "two"


@pytest.mark.parametrize("by", ["history", "order"])
async def test_a_call_beyond_the_script_is_unexpected_and_not_retryable(by):
    provider = scripted(Turn(text="one"), by=by)
    await text_of(provider, after(0))
    with pytest.raises(UnexpectedModelCall, match=r"'demo'.*turn 2.*'what now'") as caught:
        await text_of(provider, after(1, "what now"))
    assert not isinstance(caught.value, ModelError)


async def test_an_unknown_script_is_unexpected():
    with pytest.raises(UnexpectedModelCall, match=r"'nobody'.*Known: demo"):
        await text_of(scripted(), replace(after(0), model="scripted/nobody"))


async def test_turns_that_nobody_asked_for_are_named():
    provider = scripted(Turn(text="one"), Turn(text="two"), Turn(text="three"))
    with pytest.raises(UnconsumedTurns, match=r"demo: \[1, 2, 3\]"):
        provider.assert_complete()
    await text_of(provider, after(0))
    await text_of(provider, after(2))
    with pytest.raises(UnconsumedTurns, match=r"demo: \[2\]"):
        provider.assert_complete()
    await text_of(provider, after(1))
    provider.assert_complete()


@pytest.mark.parametrize("by", ["history", "order"])
async def test_a_turn_may_fail_a_number_of_times_before_it_answers(by):
    error = ScriptedError(reason="rate_limited", times=2, retry_after_s=1.5)
    provider = scripted(Turn(error=error, text="at last"), by=by)
    for _ in range(2):
        with pytest.raises(ModelError) as caught:
            await text_of(provider, after(0))
        assert (caught.value.retryable, caught.value.retry_after_s) == (True, 1.5)
    assert await text_of(provider, after(0)) == "at last"
    provider.assert_complete()


@pytest.mark.parametrize("by", ["history", "order"])
async def test_a_turn_of_an_error_alone_fails_before_the_next_turn(by):
    provider = scripted(Turn(error=ScriptedError(reason="server")), Turn(text="better"), by=by)
    with pytest.raises(ModelError, match="scripted failure"):
        await text_of(provider, after(0))
    assert await text_of(provider, after(0)) == "better"


async def test_the_first_rule_that_matches_answers():
    rules = (
        Rule(when=Match(user="hello", tools=("read_file",)), turn=Turn(text="Hi"), times=1),
        Rule(when=Match(tool_result="secret"), turn=Turn(text="I saw it")),
        Rule(when=Match(conversation="^child-"), turn=Turn(text="I am a child")),
        Rule(when=Match(tools=("no_such_tool",)), turn=Turn(text="never")),
    )
    provider = scripted(Turn(text="otherwise"), rules=rules)
    assert await text_of(provider, after(0, "well hello")) == "Hi"
    assert await text_of(provider, after(0, "hello")) == "otherwise"
    assert await text_of(provider, after(0, conversation="child-1")) == "I am a child"
    call = ToolCallPart(call_id="a", tool="read_file", arguments={})
    said = Message(role="assistant", parts=(call,))
    results = tool_message(call, value="a secret")
    request = ask(user_message("x"), said, results, model="scripted/demo")
    assert await text_of(provider, request) == "I saw it"


async def test_a_rule_may_hold_turns_chosen_by_the_history():
    turns = (Turn(text="first"), Turn(error=ScriptedError(reason="server"), text="second"))
    provider = scripted(rules=(Rule(when=Match(user="^role"), turns=turns),))
    assert await text_of(provider, after(0, "role A")) == "first"
    with pytest.raises(ModelError):
        await text_of(provider, after(1, "role A"))
    assert await text_of(provider, after(1, "role A")) == "second"
    with pytest.raises(UnexpectedModelCall):
        await text_of(provider, after(2, "role A"))


def test_a_rule_holds_one_turn_or_several():
    with pytest.raises(ValueError, match="either `turn` or `turns`"):
        Rule()
    with pytest.raises(ValueError, match="either `turn` or `turns`"):
        Rule(turn=Turn(text="x"), turns=(Turn(text="y"),))


async def test_requests_are_recorded_as_copies():
    provider = scripted(Turn(text="one"))
    request = after(0)
    call = ToolCallPart(call_id="a", tool="x", arguments={"list": [1]})
    asked = Message(role="user", parts=(call,))
    request = replace(request, messages=(*request.messages, asked))
    await text_of(provider, request)
    assert call.arguments is not None
    call.arguments["list"] = "changed"
    (recorded,) = provider.requests
    (copied,) = recorded.messages[-1].tool_calls
    assert copied.arguments == {"list": [1]}
    assert provider.calls[0].script == "demo"


async def test_text_comes_word_by_word():
    watcher = Watcher()
    await scripted(Turn(text="one two  three\n")).complete(after(0), watcher)
    assert watcher.deltas == [TextDelta("one "), TextDelta("two  "), TextDelta("three\n")]


async def test_nothing_is_paid_unless_the_script_says_so():
    provider = scripted(
        Turn(text="a"), Turn(text="b", cost_usd=None), Turn(text="c", cost_usd=Decimal("0.1"))
    )
    costs = [(await provider.complete(after(n), Watcher())).cost_usd for n in range(3)]
    assert costs == [Decimal(0), None, Decimal("0.1")]


async def test_tokens_are_estimated_from_the_texts():
    answer = await scripted(Turn(text="x" * 40)).complete(after(0, "y" * 400), Watcher())
    assert answer.usage is not None
    assert answer.usage.output_tokens == 10
    assert 100 < answer.usage.input_tokens < 120


async def test_a_delay_is_waited_for():
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    script = Script(turns=(Turn(text="slow", delay_s=3),))
    await ScriptedProvider({"demo": script}, sleep=sleep).complete(after(0), Watcher())
    assert waited == [3]


async def test_scripts_are_read_from_a_file(tmp_path):
    file = tmp_path / "script.yaml"
    file.write_text(
        """
        agents:
          demo:
            - text: Reading.
              calls: [{tool: read_file, arguments: {path: a.txt}}]
            - text: Done.
          other:
            by: order
            rules: [{when: {user: hi}, turn: {text: Hello}}]
        """
    )
    scripts = load_scripts(file)
    assert scripts["demo"].turns[0].calls == (
        ScriptedCall(tool="read_file", arguments={"path": "a.txt"}),
    )
    assert scripts["other"].by == "order"
    assert await text_of(ScriptedProvider(scripts), after(1)) == "Done."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "valid dictionary"),
        ({"agents": {"a": [{"txt": "x"}]}}, r"script: agents\.a\..*txt"),
        ({"agents": {"a": {"by": "magic"}}}, "by"),
    ],
)
def test_a_script_that_is_none_is_refused_with_its_fields(data, said):
    with pytest.raises(ConfigurationInvalid, match=said):
        parse_scripts(data)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("{")
    for path in (broken, tmp_path / "missing.yaml"):
        with pytest.raises(ConfigurationInvalid, match=path.name):
            load_scripts(path)

# ruff: noqa: D102 -- the tests are named as the sentences that a docstring would repeat
"""What every model provider must do, as tests. Subclass, say how to make one, and run with pytest.

The tests are coroutines: mark the module with `pytest.mark.anyio`.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

import pytest

from callboard.domain.errors import ModelError
from callboard.domain.message import (
    JsonObject,
    JsonOutput,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from callboard.domain.tool import ToolSpec
from callboard.domain.usage import Usage
from callboard.ports.model import (
    Delta,
    ModelAnswer,
    ModelProvider,
    ModelRequest,
    ReasoningDelta,
    TextDelta,
)
from callboard.providers.scripted.script import ScriptedCall, ScriptedError, Turn

READ_FILE = ToolSpec(
    name="read_file",
    description="Read a file.",
    input_schema={
        "type": "object",
        "properties": {"path": {"type": "string", "description": "Where it is."}},
        "required": ["path"],
    },
)


@dataclass(slots=True)
class Watcher:
    """Collects deltas."""

    deltas: list[Delta] = field(default_factory=list[Delta])

    def __call__(self, delta: Delta) -> None:
        """Take one delta."""
        self.deltas.append(delta)

    @property
    def text(self) -> str:
        """The text that was streamed."""
        return "".join(delta.text for delta in self.deltas if isinstance(delta, TextDelta))

    @property
    def reasoning(self) -> str:
        """The thinking that was streamed."""
        return "".join(delta.text for delta in self.deltas if isinstance(delta, ReasoningDelta))


def ask(*messages: Message, model: str, conversation: str = "run-1") -> ModelRequest:
    """Return a request with one tool, whose messages are all stable."""
    return ModelRequest(
        conversation=conversation,
        model=model,
        system="You read files.",
        messages=messages or (user_message("Hello"),),
        stable=len(messages) or 1,
        tools=(READ_FILE,),
    )


def tool_message(*calls: ToolCallPart, value: str = "contents") -> Message:
    """Return results for calls."""
    output = (JsonOutput(value=value),)
    parts = tuple(
        ToolResultPart(call_id=call.call_id, tool=call.tool, output=output) for call in calls
    )
    return Message(role="tool", parts=parts)


class ModelProviderContract(ABC):
    """The contract. A subclass says how to get a provider whose next answers are given turns."""

    model = "scripted/contract"
    can_send_malformed_arguments = True

    @abstractmethod
    def provider(self, *turns: Turn) -> AbstractAsyncContextManager[ModelProvider]:
        """Return a provider that gives these answers, in order."""

    async def answer(self, turn: Turn, *messages: Message) -> tuple[ModelAnswer, Watcher]:
        """Return the answer to one request, and what was streamed."""
        watcher = Watcher()
        async with self.provider(turn) as provider:
            request = ask(*messages, model=self.model)
            return await provider.complete(request, watcher), watcher

    async def calls(self, *calls: ScriptedCall) -> list[ToolCallPart]:
        """Return the tool calls of an answer that makes them."""
        answer, _ = await self.answer(Turn(calls=calls))
        return [part for part in answer.parts if isinstance(part, ToolCallPart)]

    async def failure(self, turn: Turn) -> ModelError:
        """Return the error of a turn that fails."""
        with pytest.raises(ModelError) as caught:
            await self.answer(turn)
        return caught.value

    async def test_text_is_streamed_and_returned_whole(self) -> None:
        answer, seen = await self.answer(Turn(text="Hello there,\nfriend — ünïcode 🎭"))
        assert answer.parts == (TextPart(text="Hello there,\nfriend — ünïcode 🎭"),)
        assert seen.text == "Hello there,\nfriend — ünïcode 🎭"
        assert answer.finish == "stop"

    async def test_thinking_is_streamed_and_kept(self) -> None:
        answer, seen = await self.answer(Turn(reasoning="Let me see", text="Yes."))
        thoughts = [part for part in answer.parts if isinstance(part, ReasoningPart)]
        assert [part.text for part in thoughts] == ["Let me see"]
        assert seen.reasoning == "Let me see"
        assert seen.text == "Yes."

    async def test_a_tool_call_has_its_arguments_as_an_object(self) -> None:
        arguments: JsonObject = {"path": "a.txt", "lines": [1, 2], "deep": {"x": None}}
        call = ScriptedCall(tool="read_file", arguments=arguments, call_id="call_a")
        answer, _ = await self.answer(Turn(text="Reading.", calls=(call,)))
        assert answer.finish == "tool_calls"
        (part,) = [part for part in answer.parts if isinstance(part, ToolCallPart)]
        assert (part.call_id, part.tool, part.arguments) == ("call_a", "read_file", arguments)

    async def test_parallel_calls_keep_their_order_and_ids(self) -> None:
        wanted = [f"call_{letter}" for letter in "abc"]
        parts = await self.calls(
            *(ScriptedCall(tool="read_file", arguments={"path": i}, call_id=i) for i in wanted)
        )
        assert [part.call_id for part in parts] == wanted
        assert [part.arguments for part in parts] == [{"path": call_id} for call_id in wanted]

    async def test_ids_are_made_unique_within_an_answer(self) -> None:
        parts = await self.calls(*(ScriptedCall(tool="read_file", call_id="same") for _ in "abc"))
        assert len({part.call_id for part in parts}) == 3
        assert parts[0].call_id == "same"

    async def test_missing_ids_are_made_up(self) -> None:
        parts = await self.calls(*(ScriptedCall(tool="read_file") for _ in "ab"))
        assert len({part.call_id for part in parts} - {""}) == 2

    async def test_a_call_without_arguments_has_an_empty_object(self) -> None:
        parts = await self.calls(ScriptedCall(tool="read_file", raw="", call_id="a"))
        assert parts[0].arguments == {}

    async def test_arguments_that_are_no_json_object_are_kept_as_they_were_written(self) -> None:
        if not self.can_send_malformed_arguments:
            pytest.skip("this wire format carries arguments as objects only")
        for text in ('{"path": "a', "[1]", "42", "not json"):
            (part,) = await self.calls(ScriptedCall(tool="read_file", raw=text, call_id="a"))
            assert (part.arguments, part.raw) == (None, text)

    async def test_an_answer_that_was_cut_off_says_so(self) -> None:
        answer, _ = await self.answer(Turn(text="To be conti", finish="length"))
        assert answer.finish == "length"

    async def test_tokens_are_counted_with_cached_ones_among_the_input(self) -> None:
        usage = Usage(input_tokens=100, output_tokens=20, cache_read_tokens=60)
        answer, _ = await self.answer(Turn(text="Hi", usage=usage))
        assert answer.usage == usage

    async def test_an_empty_answer_is_an_error_worth_retrying(self) -> None:
        error = await self.failure(Turn())
        assert (error.reason, error.retryable) == ("malformed_answer", True)

    async def test_a_rate_limit_is_retryable_and_a_wrong_key_is_not(self) -> None:
        limited = await self.failure(Turn(error=ScriptedError(reason="rate_limited")))
        assert (limited.reason, limited.retryable) == ("rate_limited", True)
        refused = await self.failure(Turn(error=ScriptedError(reason="auth")))
        assert (refused.reason, refused.retryable) == ("auth", False)

    async def test_an_answer_without_an_end_is_no_answer(self) -> None:
        error = await self.failure(Turn(text="Once upon a", truncate=True))
        assert (error.reason, error.retryable) == ("connection", True)

    async def test_an_answer_can_be_sent_back_on_the_next_turn(self) -> None:
        first = Turn(
            reasoning="hm",
            text="Reading.",
            calls=(ScriptedCall(tool="read_file", arguments={"path": "a"}, call_id="a"),),
        )
        async with self.provider(first, Turn(text="Done.")) as provider:
            question = user_message("Read a")
            answer = await provider.complete(ask(question, model=self.model), Watcher())
            said = Message(role="assistant", parts=answer.parts)
            request = ask(question, said, tool_message(*said.tool_calls), model=self.model)
            again = await provider.complete(request, Watcher())
        assert again.parts == (TextPart(text="Done."),)

    @pytest.mark.parametrize(
        "parts",
        [
            (TextPart(text="lone \ud800 surrogate and \0 NUL"),),
            (TextPart(text=""),),
            (TextPart(text=" \n"),),
            (),
        ],
    )
    async def test_odd_text_in_the_history_is_no_obstacle(self, parts: tuple[Part, ...]) -> None:
        odd = Message(role="user", parts=parts)
        answer, _ = await self.answer(Turn(text="Fine."), odd)
        assert answer.parts == (TextPart(text="Fine."),)

    async def test_histories_may_be_empty_or_end_with_the_model(self) -> None:
        said = Message(role="assistant", parts=(TextPart(text="I said"),))
        # By history, a script would look for the turn after what was said.
        async with self.provider(Turn(text="one"), Turn(text="two")) as provider:
            empty = replace(ask(model=self.model), messages=(), stable=0)
            first = await provider.complete(empty, Watcher())
            second = await provider.complete(ask(said, model=self.model), Watcher())
        assert [first.parts, second.parts] == [(TextPart(text="one"),), (TextPart(text="two"),)]

    @pytest.mark.parametrize("kind", [BrokenPipeError, TimeoutError, ValueError])
    async def test_what_a_watcher_raises_is_not_taken_for_a_failed_call(
        self, kind: type[Exception]
    ) -> None:
        def watch(_: Delta) -> None:
            raise kind("the watcher's own")

        async with self.provider(Turn(text="Hello")) as provider:
            with pytest.raises(kind, match="the watcher's own"):
                await provider.complete(ask(model=self.model), watch)

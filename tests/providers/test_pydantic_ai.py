"""Models behind pydantic-ai."""

import base64
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic_ai import exceptions
from pydantic_ai import messages as theirs
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel
from pydantic_ai.models.test import TestModel

from callboard.domain.errors import ModelError
from callboard.domain.message import (
    JsonOutput,
    MediaOutput,
    MediaPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from callboard.providers.pydantic_ai.provider import PydanticAIProvider
from callboard.providers.pydantic_ai.requests import messages_of
from callboard.testing.model.contract import Watcher, ask, tool_message

pytestmark = pytest.mark.anyio


async def test_a_models_string_selects_the_model():
    answer = await PydanticAIProvider().complete(ask(model="test"), Watcher())
    assert answer.finish == "tool_calls"
    assert answer.answered_by == "test"


async def test_a_string_that_names_no_model_is_an_invalid_request():
    with pytest.raises(ModelError) as caught:
        await PydanticAIProvider().complete(ask(model="nowhere:nothing"), Watcher())
    assert (caught.value.reason, caught.value.retryable) == ("invalid_request", False)


async def test_a_test_model_answers_after_its_tool_was_called():
    provider = PydanticAIProvider(TestModel(custom_output_text="Done."))
    question = user_message("Q")
    first = await provider.complete(ask(question, model="m"), Watcher())
    said = Message(role="assistant", parts=first.parts)
    request = ask(question, said, tool_message(*said.tool_calls), model="m")
    watcher = Watcher()
    second = await provider.complete(request, watcher)
    assert second.parts == (TextPart(text="Done."),)
    assert watcher.text == "Done."


def test_every_kind_of_part_is_translated():
    data = base64.b64encode(b"\x89PNG").decode()
    image = MediaOutput(data=data, media_type="image/png")
    call = ToolCallPart(call_id="a", tool="read_file", arguments={"p": 1})
    own = ReasoningPart(text="hm", details={"wire": "pydantic-ai", "signature": "s", "id": "i"})
    foreign = ReasoningPart(text="hm", details={"wire": "messages", "signature": "s"})
    output = (JsonOutput(value="no"), image)
    result = ToolResultPart(call_id="a", tool="read_file", output=output, is_error=True)
    media = MediaPart(media_type="image/png", data=data)
    system, user, said, results = messages_of(
        ask(
            Message(role="user", parts=(TextPart(text="Look"), media)),
            Message(role="assistant", parts=(own, foreign, TextPart(text="A"), call)),
            Message(role="tool", parts=(result,)),
            model="m",
        )
    )
    assert isinstance(system.parts[0], theirs.SystemPromptPart)
    assert isinstance(user.parts[0], theirs.UserPromptPart)
    thought, _, called = said.parts
    assert isinstance(thought, theirs.ThinkingPart)
    assert (thought.signature, thought.id) == ("s", "i")
    assert isinstance(called, theirs.ToolCallPart)
    assert called.args == {"p": 1}
    returned, files = results.parts
    assert isinstance(returned, theirs.ToolReturnPart)
    assert returned.outcome == "failed"
    assert isinstance(files, theirs.UserPromptPart)


@pytest.mark.parametrize(
    ("error", "reason", "retryable"),
    [
        (exceptions.ModelHTTPError(401, "m"), "auth", False),
        (exceptions.ModelHTTPError(429, "m", retry_after=3), "rate_limited", True),
        (exceptions.ModelHTTPError(529, "m"), "overloaded", True),
        (exceptions.ModelConnectionError("m", "gone"), "connection", True),
        (exceptions.ModelTimeoutError("m", "slow"), "timeout", True),
        (exceptions.UnexpectedModelBehavior("odd"), "malformed_answer", True),
        (exceptions.UserError("wrong"), "invalid_request", False),
    ],
)
async def test_its_errors_are_told_in_our_words(error, reason, retryable):
    async def fail(_: list[Any], __: AgentInfo) -> AsyncIterator[str | dict[int, DeltaToolCall]]:
        raise error
        yield ""

    with pytest.raises(ModelError) as caught:
        await PydanticAIProvider(FunctionModel(stream_function=fail)).complete(
            ask(model="m"), Watcher()
        )
    assert (caught.value.reason, caught.value.retryable) == (reason, retryable)


def test_without_the_extra_the_way_to_install_it_is_named():
    code = (
        "import sys; sys.modules['pydantic_ai'] = None\n"
        "from callboard.providers.pydantic_ai.provider import PydanticAIProvider\n"
        "try: PydanticAIProvider()\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.startswith("ConfigurationInvalid")
    assert "pip install 'callboard[pydantic-ai]'" in run.stdout

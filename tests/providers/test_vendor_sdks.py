"""The vendors' own SDKs as oracles: for our requests by their types, for our streams by their parsers."""

import base64
import json
from dataclasses import replace
from typing import Any

import anthropic
import openai
import pytest
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from google import genai
from google.genai import types as genai_types
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic_core import SchemaValidator

from callboard.domain.definition.agent import ReasoningOptions
from callboard.domain.message import (
    JsonOutput,
    MediaOutput,
    MediaPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from callboard.domain.usage import Usage
from callboard.ports.model import ModelAnswer, ModelProvider, ModelRequest
from callboard.testing.model import ScriptedCall, Turn
from callboard.testing.model.contract import Watcher, ask
from callboard.testing.model.loopback import LoopbackEndpoint, Voice, reply_for

pytestmark = pytest.mark.anyio

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
TURN = Turn(
    reasoning="Let me think",
    text="Grüße 🎭\nfriend",
    calls=(
        ScriptedCall(tool="read_file", arguments={"path": "ä.txt"}, call_id="call_a"),
        ScriptedCall(tool="read_file", arguments={"path": "b", "n": [1]}, call_id="call_b"),
    ),
    usage=Usage(input_tokens=100, output_tokens=20, cache_read_tokens=60, reasoning_tokens=0),
)


def everything(wire: str) -> ModelRequest:
    """Return a request with every kind of part."""
    calls = (
        ToolCallPart(call_id="a", tool="read_file", arguments={"path": "x"}),
        ToolCallPart(call_id="b", tool="read_file", arguments=None, raw="{bad"),
    )
    details: Any = {"wire": wire, "signature": "c2ln", "thoughtSignature": "c2ln"}
    thought = ReasoningPart(text="hm", details=details)
    image = MediaOutput(data=PNG, media_type="image/png")
    results = (
        ToolResultPart(call_id="a", tool="read_file", output=(JsonOutput(value={"x": 1}), image)),
        ToolResultPart(
            call_id="b", tool="read_file", output=(JsonOutput(value="no"),), is_error=True
        ),
    )
    media = MediaPart(media_type="image/png", data=PNG)
    pdf = MediaPart(media_type="application/pdf", data=PNG)
    messages = (
        Message(role="user", parts=(TextPart(text="Look"), media, pdf)),
        Message(role="assistant", parts=(thought, TextPart(text="Reading"), *calls)),
        Message(role="tool", parts=results),
        Message(role="user", parts=(TextPart(text="And now?"),)),
    )
    reasoning = ReasoningOptions(enabled=True, effort="high")
    request = replace(ask(*messages, model="m"), reasoning=reasoning, max_output_tokens=20_000)
    return replace(request, model={"messages": "claude-opus-5"}.get(wire, "gemini-3-pro"))


async def sent_to(
    server: LoopbackEndpoint, provider: ModelProvider, voice: Voice, wire: str
) -> Any:
    server.will(reply_for(Turn(text="ok"), voice))
    await provider.complete(everything(wire), Watcher())
    return server.received[-1].json


def assert_typed(typed: Any, value: Any) -> None:
    """Check a value against a type, with no field that the type does not know."""
    SchemaValidator(strict_schema(TypeAdapter(typed).core_schema)).validate_python(value)


def strict_schema(schema: Any) -> Any:
    """Return a schema that refuses unknown fields and looks at the items of iterables at once."""
    if isinstance(schema, list | tuple):
        return [strict_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: strict_schema(value) for key, value in schema.items() if key != "serialization"}
    match strict.get("type"):
        case "generator":
            strict["type"] = "list"
        case "typed-dict" | "model-fields":
            strict["extra_behavior"] = "forbid"
        case _:
            pass
    return strict


async def test_our_chat_requests_are_of_openais_type(server, openrouter):
    body = await sent_to(server, openrouter, "chat", "none")
    for field in ("usage", "reasoning"):  # OpenRouter's own
        del body[field]
    assert_typed(CompletionCreateParamsStreaming, body)


async def test_our_messages_requests_are_of_anthropics_type(server, anthropic_provider):
    body = await sent_to(server, anthropic_provider, "messages", "messages")
    assert body["messages"][1]["content"][0]["type"] == "thinking"
    assert_typed(MessageCreateParamsStreaming, body)


class _GeminiBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    contents: list[genai_types.Content]
    systemInstruction: genai_types.Content  # noqa: N815 -- the wire's spelling
    tools: list[genai_types.Tool]
    generationConfig: genai_types.GenerationConfig  # noqa: N815 -- the wire's spelling


async def test_our_gemini_requests_are_of_googles_types(server, gemini):
    body = await sent_to(server, gemini, "gemini", "gemini/gemini-3-pro")
    assert body["contents"][1]["parts"][0] == {"text": "hm", "thoughtSignature": "c2ln"}
    _GeminiBody.model_validate(body)


@pytest.fixture
def anthropic_provider(anthropic: ModelProvider) -> ModelProvider:
    return anthropic


async def ours(server: LoopbackEndpoint, provider: ModelProvider, voice: Voice) -> ModelAnswer:
    server.will(reply_for(TURN, voice))
    return await provider.complete(ask(model="m"), Watcher())


def said(answer: ModelAnswer) -> tuple[str, list[tuple[str, str, Any]]]:
    text = "".join(part.text for part in answer.parts if isinstance(part, TextPart))
    calls = [part for part in answer.parts if isinstance(part, ToolCallPart)]
    return text, [(part.call_id, part.tool, part.arguments) for part in calls]


async def test_openais_client_reads_the_same_answer_from_a_stream(server, openrouter):
    mine = await ours(server, openrouter, "chat")
    server.will(reply_for(TURN, "chat"))
    async with (
        openai.AsyncOpenAI(base_url=server.url + "/v1", api_key="k") as client,
        client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "Q"}]) as stream,
    ):  # fmt: skip
        theirs = await stream.get_final_completion()
    message = theirs.choices[0].message
    calls = [
        (call.id, call.function.name, json.loads(call.function.arguments))
        for call in message.tool_calls or []
    ]
    assert said(mine) == (message.content, calls)
    assert mine.finish == theirs.choices[0].finish_reason
    assert theirs.usage is not None
    assert mine.usage is not None
    assert mine.usage.input_tokens == theirs.usage.prompt_tokens


async def test_anthropics_client_reads_the_same_answer_from_a_stream(server, anthropic_provider):
    mine = await ours(server, anthropic_provider, "messages")
    server.will(reply_for(TURN, "messages"))
    async with (
        anthropic.AsyncAnthropic(base_url=server.url, api_key="k") as client,
        client.messages.stream(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "Q"}]
        ) as stream,
    ):
        theirs = await stream.get_final_message()
    calls = [(b.id, b.name, b.input) for b in theirs.content if b.type == "tool_use"]
    assert said(mine) == ("".join(b.text for b in theirs.content if b.type == "text"), calls)
    thoughts = [(b.thinking, b.signature) for b in theirs.content if b.type == "thinking"]
    assert thoughts == [
        (part.text, (part.details or {}).get("signature"))
        for part in mine.parts
        if isinstance(part, ReasoningPart)
    ]
    assert mine.usage is not None
    cached = theirs.usage.cache_read_input_tokens or 0
    assert mine.usage.input_tokens == theirs.usage.input_tokens + cached
    assert mine.usage.output_tokens == theirs.usage.output_tokens


@pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")
async def test_googles_client_reads_the_same_answer_from_a_stream(server, gemini):
    mine = await ours(server, gemini, "gemini")
    server.will(reply_for(TURN, "gemini"))
    options = genai_types.HttpOptions(base_url=server.url, async_client_args={"trust_env": False})
    client = genai.Client(api_key="k", http_options=options)
    stream = await client.aio.models.generate_content_stream(model="m", contents="Q")
    chunks = [chunk async for chunk in stream]
    await client.aio.aclose()
    parts = [
        part
        for chunk in chunks
        for candidate in chunk.candidates or []
        for part in (candidate.content.parts if candidate.content else None) or []
    ]
    calls = [
        (part.function_call.id, part.function_call.name, part.function_call.args)
        for part in parts
        if part.function_call
    ]
    text = "".join(part.text or "" for part in parts if not part.thought)
    assert said(mine) == (text, calls)
    counted = chunks[-1].usage_metadata
    assert counted is not None
    assert mine.usage is not None
    assert mine.usage.input_tokens == counted.prompt_token_count

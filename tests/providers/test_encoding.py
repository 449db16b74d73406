"""From a request to a vendor's bytes."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from callboard.domain.message import (
    JsonOutput,
    MediaOutput,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from callboard.domain.tool import ToolSpec
from callboard.ports.model import ModelRequest
from callboard.providers.chat import encode as chat
from callboard.providers.chat.dialect import OPENAI, OPENROUTER, Dialect
from callboard.providers.gemini import encode as gemini
from callboard.providers.messages import encode as messages
from callboard.providers.wire.encoded_history import EncodedHistory
from callboard.providers.wire.tool_bytes import ToolBytes
from callboard.testing.model.contract import ask, tool_message

PNG = base64.b64encode(b"\x89PNG").decode()
CLAUDE = "claude-sonnet-4-5"
EVERY_VOICE = pytest.mark.parametrize("voice", ["chat", "messages", "gemini"])


def chat_body(
    request: ModelRequest,
    dialect: Dialect = OPENROUTER,
    history: EncodedHistory | None = None,
    model: str = "vendor/model",
) -> bytes:
    tools = ToolBytes(chat.encode_tools).of(request.tools)
    return chat.encode(request, model, dialect, history or EncodedHistory(), tools)


def messages_body(
    request: ModelRequest, model: str = CLAUDE, history: EncodedHistory | None = None
) -> bytes:
    tools = ToolBytes(messages.encode_tools).of(request.tools)
    return messages.encode(request, model, history or EncodedHistory(), tools)


def gemini_body(
    request: ModelRequest, model: str = "gemini-3-pro", history: EncodedHistory | None = None
) -> bytes:
    tools = ToolBytes(gemini.encode_tools).of(request.tools)
    return gemini.encode(request, model, history or EncodedHistory(), tools)


def body(voice: str, request: ModelRequest, history: EncodedHistory | None = None) -> bytes:
    if voice == "chat":
        return chat_body(request, history=history)
    if voice == "messages":
        return messages_body(request, history=history)
    return gemini_body(request, history=history)


def sent(voice: str, *parts_or_messages: Message) -> Any:
    request = ask(*parts_or_messages, model="m")
    found = json.loads(body(voice, request))
    return found["contents" if voice == "gemini" else "messages"]


def assistant(*parts: Part) -> Message:
    return Message(role="assistant", parts=parts)


def call(call_id: str = "a", tool: str = "read_file", **more: Any) -> ToolCallPart:
    fields: Any = {"call_id": call_id, "tool": tool, "arguments": {"p": 1}} | more
    return ToolCallPart(**fields)


def result(*output: Any, call_id: str = "a", is_error: bool = False) -> ToolResultPart:
    values = tuple(
        each if isinstance(each, MediaOutput) else JsonOutput(value=each) for each in output
    )
    return ToolResultPart(call_id=call_id, tool="read_file", output=values, is_error=is_error)


def answered(*results: ToolResultPart) -> tuple[Message, Message, Message]:
    calls = assistant(*(call(each.call_id) for each in results))
    return user_message("Q"), calls, Message(role="tool", parts=results)


def long_history(turns: int) -> list[Message]:
    history: list[Message] = [user_message("Begin the work")]
    for turn in range(turns):
        calls = (call(f"c{turn}"), call(f"d{turn}"))
        history += [assistant(TextPart(text=f"Turn {turn}"), *calls), tool_message(*calls)]
        if turn % 3 == 0:
            history.append(user_message(f"Note {turn}"))
    return history


@EVERY_VOICE
def test_a_longer_conversation_begins_with_the_bytes_of_the_shorter(voice):
    history = long_history(6)
    remembered = EncodedHistory()
    cut = b'"cache_control"'
    previous = b""
    for length in (1, 3, 4, 6, 8, len(history)):
        whole = body(voice, ask(*history[:length], model="m"), remembered)
        json.loads(whole)
        start = previous.rpartition(cut)[0] if cut in previous else previous
        shared = start.rstrip(b"]}").rstrip(b",")
        assert whole.startswith(shared)
        previous = whole


@EVERY_VOICE
def test_remembered_bytes_are_the_bytes_of_a_fresh_encoding(voice):
    history = long_history(8)
    remembered = EncodedHistory(max_conversations=2)
    expiring = user_message("for this turn only", expires="turn")
    for length in (2, 5, 5, 9, 3, len(history)):
        for conversation in ("one", "two", "three"):
            request = ask(*history[:length], model="m", conversation=conversation)
            request = replace(request, messages=(*request.messages, expiring))
            assert body(voice, request, remembered) == body(voice, request)


@EVERY_VOICE
def test_a_history_that_was_rewritten_is_encoded_anew(voice):
    remembered = EncodedHistory()
    body(voice, ask(user_message("one"), user_message("two"), model="m"), remembered)
    changed = ask(user_message("one"), user_message("three"), model="m")
    assert body(voice, changed, remembered) == body(voice, changed)


@EVERY_VOICE
def test_a_stable_count_beyond_the_messages_is_no_obstacle(voice):
    request = replace(ask(user_message("Hi"), model="m"), stable=99)
    assert json.loads(body(voice, request))


def test_memory_for_bytes_is_bounded():
    remembered = EncodedHistory(max_bytes=1000)
    for number in range(10):
        request = ask(user_message("x" * 400), model="m", conversation=str(number))
        body("chat", request, remembered)
    assert len(remembered._entries) <= 3


def test_the_system_prompt_stands_where_each_vendor_wants_it():
    request = ask(model="m")
    assert json.loads(chat_body(request))["messages"][0] == {
        "role": "system",
        "content": "You read files.",
    }
    assert json.loads(messages_body(request))["system"][0]["text"] == "You read files."
    instruction = json.loads(gemini_body(request))["systemInstruction"]
    assert instruction == {"parts": [{"text": "You read files."}]}


@EVERY_VOICE
def test_an_empty_system_prompt_is_left_out(voice):
    encoded = json.loads(body(voice, replace(ask(model="m"), system="")))
    assert "system" not in encoded
    assert "systemInstruction" not in encoded
    assert "system" not in str(encoded.get("messages", ""))


def test_a_lone_string_is_shown_as_it_is_and_anything_else_as_json():
    def shown(*output: Any) -> str:
        return sent("chat", *answered(result(*output)))[3]["content"]

    assert shown("text\n") == "text\n"
    assert shown({"a": [1, None]}) == '{"a":[1,null]}'
    assert shown("one", 2) == '["one",2]'
    assert shown() == "[]"


def test_chat_has_one_message_for_each_result_and_files_after_them():
    image = MediaOutput(data=PNG, media_type="image/png")
    entries = sent("chat", *answered(result("one", image), result("two", call_id="b")))
    assert [entry["role"] for entry in entries[1:]] == ["user", "assistant", "tool", "tool", "user"]
    assert [entry["tool_call_id"] for entry in entries[3:5]] == ["a", "b"]
    assert entries[5]["content"][1]["image_url"]["url"] == f"data:image/png;base64,{PNG}"


def test_anthropic_has_one_message_for_all_results_and_marks_failures():
    image = MediaOutput(data=PNG, media_type="image/png")
    ok, failed = result("one", image), result({"errorMessage": "no"}, call_id="b", is_error=True)
    entry = sent("messages", *answered(ok, failed))[2]
    assert entry["role"] == "user"
    first, second = entry["content"]
    assert [block["type"] for block in first["content"]] == ["text", "image"]
    assert "is_error" not in first
    assert (second["tool_use_id"], second["is_error"]) == ("b", True)


def test_gemini_has_responses_by_name_and_id():
    failed = result({"errorMessage": "no"}, call_id="b", is_error=True)
    parts = sent("gemini", *answered(result({"x": 1}), failed))[2]["parts"]
    assert [part["functionResponse"] for part in parts] == [
        {"id": "a", "name": "read_file", "response": {"output": {"x": 1}}},
        {"id": "b", "name": "read_file", "response": {"error": {"errorMessage": "no"}}},
    ]


@EVERY_VOICE
def test_user_and_model_take_turns_where_the_vendor_insists(voice):
    entries = sent(voice, user_message("a"), user_message("b"), assistant(TextPart(text="c")))
    roles = [entry["role"] for entry in entries if entry["role"] != "system"]
    if voice == "gemini":
        assert roles == ["user", "model", "user"]
        assert entries[0]["parts"] == [{"text": "a"}, {"text": "b"}]
    else:
        assert roles == ["user", "user", "assistant", "user"]


@EVERY_VOICE
def test_a_call_without_a_result_gets_a_stand_in(voice):
    for history in (
        (user_message("Q"), assistant(call("lost"))),
        (user_message("Q"), assistant(call("lost")), user_message("go on")),
        (user_message("Q"), assistant(call("lost"), call("a")), Message(role="tool", parts=(result("x"),))),
    ):  # fmt: skip
        assert "No result of this call was recorded" in json.dumps(sent(voice, *history))


@EVERY_VOICE
def test_a_result_without_a_call_is_told_as_text(voice):
    stray = Message(role="tool", parts=(result("found it", call_id="stray"),))
    entries = json.dumps(sent(voice, user_message("Q"), stray))
    assert "Result of read_file: found it" in entries
    assert "stray" not in entries


@EVERY_VOICE
def test_a_conversation_opens_with_the_user(voice):
    entries = [
        entry for entry in sent(voice, assistant(TextPart(text="I"))) if entry["role"] != "system"
    ]
    assert [entry["role"] == "user" for entry in entries] == [True, False, True]


@EVERY_VOICE
def test_arguments_that_were_no_object_are_shown_inside_one(voice):
    bad = call(arguments=None, raw='{"path": "a')
    text = json.dumps(sent(voice, user_message("Q"), assistant(bad), tool_message(bad)))
    assert "invalid_arguments" in text


@EVERY_VOICE
def test_names_and_ids_that_vendors_refuse_are_rewritten_alike_everywhere(voice):
    odd = call("id with spaces/" + "x" * 100, "weird name/" + "y" * 300)
    text = json.dumps(sent(voice, user_message("Q"), assistant(odd), tool_message(odd)))
    assert "weird name" not in text
    assert "id with spaces" not in text


def test_renamed_tools_keep_their_own_names_with_us():
    tool = ToolSpec(name="server/tool.v1", description="", input_schema={})
    encoded = ToolBytes(chat.encode_tools).of((tool,))
    ((wire, ours),) = encoded.names.items()
    assert ours == "server/tool.v1"
    assert json.loads(encoded.body)[0]["function"]["name"] == wire


@pytest.mark.parametrize("wire", ["openrouter", "messages", "gemini/gemini-3-pro"])
def test_thinking_goes_back_to_the_wire_format_it_came_from_only(wire):
    details: Any = {
        "wire": wire,
        "signature": "sig",
        "thoughtSignature": "sig",
        "thought": True,
        "reasoning_details": ["sig"],
    }
    thought = ReasoningPart(text="hm", details=details)
    history = (user_message("Q"), assistant(thought, TextPart(text="A")), user_message("Q2"))
    found = [
        voice for voice in ("chat", "messages", "gemini") if "sig" in str(sent(voice, *history))
    ]
    assert found == [{"openrouter": "chat"}.get(wire, wire.partition("/")[0])]


def test_anthropics_thinking_goes_back_with_its_signature():
    thought = ReasoningPart(text="hm", details={"wire": "messages", "signature": "s"})
    hidden = ReasoningPart(text="", details={"wire": "messages", "data": "opaque"})
    blocks = sent("messages", user_message("Q"), assistant(thought, hidden, call()))[1]["content"]
    assert blocks[:2] == [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "opaque"},
    ]


def test_calls_that_another_model_made_get_geminis_stand_in_signature():
    signed = call("b", details={"wire": "gemini/gemini-3-pro", "thoughtSignature": "s"})
    history = (
        user_message("Q"),
        assistant(call("a"), call("b")),
        tool_message(call("a"), call("b")),
    )
    parts = sent("gemini", *history)[1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == [
        "skip_thought_signature_validator",
        None,
    ]
    own = sent("gemini", user_message("Q"), assistant(signed), tool_message(signed))[1]["parts"]
    assert own[0]["thoughtSignature"] == "s"
    older = json.loads(gemini_body(ask(*history, model="m"), "gemini-2.5-pro"))
    assert "thoughtSignature" not in str(older)


def test_anthropics_cache_marks_are_on_the_system_prompt_and_the_last_stable_message():
    history = [*long_history(2), user_message("expires", expires="turn")]
    request = replace(ask(*history, model="m"), stable=len(history) - 1)
    encoded = json.loads(messages_body(request))
    assert encoded["system"][-1]["cache_control"] == {"type": "ephemeral"}
    marked = ["cache_control" in str(entry) for entry in encoded["messages"]]
    assert marked == [False] * (len(history) - 2) + [True, False]


def test_openrouter_marks_its_cache_for_anthropics_models_only():
    request = ask(*long_history(1), model="m")
    assert chat_body(request, model="anthropic/claude-sonnet-4.5").count(b"cache_control") == 2
    assert b"cache_control" not in chat_body(request, model="openai/gpt-5")
    assert b"cache_control" not in chat_body(request, OPENAI, model="anthropic/claude")


@pytest.mark.parametrize(
    ("media_type", "kinds"),
    [
        ("image/png", ("image_url", "image", "inlineData")),
        ("application/pdf", ("file", "document", "inlineData")),
        ("text/plain", ("text", "text", "inlineData")),
        ("audio/wav", ("input_audio", "text", "inlineData")),
    ],
)
def test_images_and_files(media_type, kinds):
    part = MediaPart(media_type=media_type, data=base64.b64encode(b"some text").decode())
    message = Message(role="user", parts=(TextPart(text="Look:"), part))
    assert sent("chat", message)[1]["content"][1]["type"] == kinds[0]
    assert sent("messages", message)[0]["content"][1]["type"] == kinds[1]
    assert kinds[2] in sent("gemini", message)[0]["parts"][1]


def test_geminis_schemas_lose_what_it_does_not_understand():
    schema: Any = {
        "$schema": "x",
        "type": "object",
        "properties": {"default": {"const": 1, "default": 1, "pattern": "x"}, "r": {"$ref": "#/definitions/D", "title": "t"}},
        "definitions": {"D": {"type": "string", "minLength": 3}},
        "additionalProperties": False,
    }  # fmt: skip
    tool = ToolSpec(name="t", description="d", input_schema=schema)
    (declared,) = json.loads(gemini.encode_tools((tool,)))
    assert declared["parametersJsonSchema"] == {
        "type": "object",
        "properties": {"default": {"enum": [1]}, "r": {"$ref": "#/$defs/D"}},
        "$defs": {"D": {"type": "string"}},
        "additionalProperties": False,
    }


@EVERY_VOICE
def test_lone_surrogates_and_nuls_are_sent_as_replacements(voice):
    odd = call(arguments={"k\ud800": "v\0", "n": 10**30})
    history = (user_message("a\ud800\0b"), assistant(odd), tool_message(odd, value="\udfff"))
    text = body(voice, ask(*history, model="m"))
    assert b"\\u0000" not in text
    assert "a\ufffd\ufffdb" in text.decode()
    json.loads(text)

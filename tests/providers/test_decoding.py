"""From a vendor's stream to an answer."""

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.errors import ModelError
from callboard.domain.message import ReasoningPart, TextPart, ToolCallPart
from callboard.domain.usage import Usage
from callboard.ports.model import ModelAnswer, TextDelta
from callboard.providers.chat.decode import decoder as chat_decoder
from callboard.providers.gemini.decode import decoder as gemini_decoder
from callboard.providers.messages.decode import decoder as messages_decoder
from callboard.providers.wire.stream import StreamDecoder
from callboard.testing.model import ScriptedCall, Turn
from callboard.testing.model.loopback import VOICES

RICH = Turn(
    reasoning="Let me think — 思考",
    text="Grüße, 世界 🎭\nsecond line",
    calls=(
        ScriptedCall(tool="read_file", arguments={"path": "ä.txt", "n": 1}, call_id="a"),
        ScriptedCall(tool="write_file", arguments={"path": "b", "text": "\n🎭"}, call_id="b"),
    ),
    usage=Usage(input_tokens=10, output_tokens=5, cache_read_tokens=4),
)


def new_decoder(voice: str) -> StreamDecoder:
    if voice == "chat":
        return chat_decoder("test", "openrouter", {})
    return messages_decoder("test", {}) if voice == "messages" else gemini_decoder("test", "g", {})


def decoded(voice: str, *blocks: bytes) -> ModelAnswer:
    decoder = new_decoder(voice)
    for block in blocks:
        decoder.feed(block)
    return decoder.finish()


def sse(*events: object) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def chat(*deltas: dict[str, Any], finish: str | None = "stop", **more: Any) -> ModelAnswer:
    events = [{"id": "x", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    last = {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}], **more}
    return decoded("chat", sse(*events, last))


def calls_of(answer: ModelAnswer) -> list[tuple[str, str, Any]]:
    parts = [part for part in answer.parts if isinstance(part, ToolCallPart)]
    return [(part.call_id, part.tool, part.arguments) for part in parts]


def fragment(index: int | None = None, call_id: str = "", name: str = "", arguments: str = ""):
    call: dict[str, Any] = {"function": {"name": name, "arguments": arguments}}
    call |= {"index": index} if index is not None else {}
    return {"tool_calls": [call | ({"id": call_id} if call_id else {})]}


@given(st.data())
def test_the_way_a_stream_is_cut_never_changes_the_answer(data):
    voice = data.draw(st.sampled_from(sorted(VOICES)))
    whole = b": keep-alive\n\n".join(VOICES[voice](RICH))
    whole = data.draw(st.sampled_from([whole, whole.replace(b"\n\n", b"\r\n\r\n")]))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=40)))
    edges = [0, *cuts, len(whole)]
    blocks = [whole[start:end] for start, end in pairwise(edges)]
    assert decoded(voice, *blocks) == decoded(voice, whole)


@given(st.sampled_from(sorted(VOICES)), st.lists(st.binary(max_size=60), max_size=12))
def test_any_bytes_give_an_answer_or_a_model_error(voice, blocks):
    with suppress(ModelError):
        decoded(voice, *blocks)


KEYS = st.sampled_from(
    [
        "type", "index", "delta", "content_block", "choices", "tool_calls", "function", "arguments",
        "name", "id", "usage", "candidates", "content", "parts", "text", "thought", "functionCall",
        "args", "finish_reason", "finishReason", "message", "error", "code", "reasoning_details",
        "usageMetadata", "promptTokenCount", "prompt_tokens", "completion_tokens", "cost", "summary",
        "input_tokens", "partial_json", "stop_reason", "thinking", "signature", "model", "object",
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    ["content_block_start", "content_block_delta", "message_delta", "message_start", "message",
     "message_stop", "tool_use", "text_delta", "input_json_delta", "thinking", "text", "stop",
     "reasoning.text", "STOP", "error"]
)  # fmt: skip
LEAVES = (
    WORDS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just(0)
)
EVENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from(sorted(VOICES)), st.lists(st.dictionaries(KEYS, EVENTS, max_size=5), max_size=4)
)
def test_any_events_give_an_answer_or_a_model_error(voice, events):
    try:
        answer = decoded(voice, sse(*events))
    except ModelError:
        return
    ids = [part.call_id for part in answer.parts if isinstance(part, ToolCallPart)]
    assert len(ids) == len(set(ids))
    json.dumps([part.model_dump(mode="json") for part in answer.parts]).encode()


def test_interleaved_fragments_find_their_calls():
    answer = chat(
        fragment(0, "a", "read_file", '{"pa'),
        fragment(1, "b", "write_file", '{"te'),
        fragment(0, arguments='th": 1}'),
        fragment(1, arguments='xt": 2}'),
        finish="tool_calls",
    )
    assert calls_of(answer) == [("a", "read_file", {"path": 1}), ("b", "write_file", {"text": 2})]


def test_a_new_id_under_a_used_index_is_another_call():
    answer = chat(fragment(0, "a", "read_file", "{}"), fragment(0, "b", "write_file", "{}"))
    assert calls_of(answer) == [("a", "read_file", {}), ("b", "write_file", {})]


def test_fragments_without_an_index_follow_their_id_or_the_latest_call():
    answer = chat(
        fragment(None, "a", "read_file", '{"x"'),
        fragment(None, "", "", ": 1}"),
        fragment(None, "b", "read_file", "{}"),
    )
    assert calls_of(answer) == [("a", "read_file", {"x": 1}), ("b", "read_file", {})]


def test_arguments_that_come_as_an_object_are_taken_as_they_are():
    answer = chat({"tool_calls": [{"id": "a", "function": {"name": "x", "arguments": {"p": 1}}}]})
    assert calls_of(answer) == [("a", "x", {"p": 1})]


@pytest.mark.parametrize("arguments", ['{"path": "a', ""])
def test_a_call_that_the_output_limit_cut_off_has_no_arguments(arguments):
    answer = chat(fragment(0, "a", "write_file", arguments), finish="length")
    (part,) = answer.parts
    assert isinstance(part, ToolCallPart)
    assert (part.arguments, part.raw, answer.finish) == (None, arguments, "length")


def test_calls_before_the_one_that_was_cut_off_are_whole():
    answer = chat(fragment(0, "a", "x", ""), fragment(1, "b", "x", '{"'), finish="length")
    assert calls_of(answer) == [("a", "x", {}), ("b", "x", None)]


@given(
    st.dictionaries(
        st.text(max_size=4),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(max_size=6),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=2), inner, max_size=3)
            ),
        ),
        max_size=4,
    )
)
def test_a_call_is_what_a_look_at_all_its_fields_would_have_made_of_it(arguments):
    (part,) = chat(fragment(0, "a", "x", json.dumps(arguments))).parts
    assert isinstance(part, ToolCallPart)
    assert ToolCallPart.model_validate(part.model_dump()) == part
    assert (
        part.model_dump_json()
        == ToolCallPart(call_id="a", tool="x", arguments=part.arguments).model_dump_json()
    )


@pytest.mark.parametrize("depth", [1, 98, 99, 100, 101, 150, 300, 1000])
def test_no_depth_of_arguments_is_an_obstacle(depth):
    text = '{"a":' + "[" * depth + "]" * depth + "}"
    (part,) = chat(fragment(0, "a", "x", text)).parts
    assert isinstance(part, ToolCallPart)
    assert part.raw == (None if part.arguments is not None else text)
    assert ToolCallPart.model_validate_json(part.model_dump_json()) == part


def test_arguments_nested_beyond_reason_are_kept_as_text():
    text = '{"a":' * 5000 + "1" + "}" * 5000
    answer = chat(fragment(0, "a", "x", text))
    assert calls_of(answer) == [("a", "x", None)]


def test_halves_of_a_surrogate_pair_in_two_pieces_become_one_character():
    events = b"".join(
        b'data: {"choices": [{"delta": {"content": "%s"}, "finish_reason": %s}]}\n\n' % pair
        for pair in ((b"\\ud83c", b"null"), (b"\\udfad", b'"stop"'))
    )
    decoder = new_decoder("chat")
    deltas = decoder.feed(events)
    assert decoder.finish().parts == (TextPart(text="🎭"),)
    assert [delta.text.encode() for delta in deltas]


def test_lone_surrogates_and_nuls_from_a_model_are_replaced():
    answer = chat(
        {"content": "a\ud800b\0c"}, fragment(0, "i\ud800", "n\ud800", '{"k\\ud800": "\\u0000"}')
    )
    for part in answer.parts:
        part.model_dump_json().encode()
    assert answer.parts[0] == TextPart(text="a\ufffdb\ufffdc")
    assert calls_of(answer)[0][2] == {"k\ufffd": "\ufffd"}


@pytest.mark.parametrize("depth", [300, 900, 5000])
def test_details_nested_beyond_reason_are_a_malformed_answer(depth):
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    event = (
        b'data: {"choices": [{"delta": {"reasoning_details": [%s]}, "finish_reason": "stop"}]}\n\n'
    )
    with pytest.raises(ModelError) as caught:
        decoded("chat", event % nested)
    assert caught.value.reason == "malformed_answer"


def test_an_integer_beyond_64_bits_is_no_obstacle():
    assert chat(fragment(0, "a", "x", '{"n": 123456789012345678901234567890}')).parts


def test_a_finish_without_a_last_marker_is_an_end():
    assert chat({"content": "Hi"}).finish == "stop"


def test_a_last_marker_without_a_finish_is_an_end():
    stream = sse({"choices": [{"delta": {"content": "Hi"}}]}) + b"data: [DONE]\n\n"
    assert decoded("chat", stream).finish == "stop"


def test_what_follows_the_last_marker_is_ignored():
    stream = sse({"choices": [{"delta": {"content": "Hi"}}]}) + b"data: [DONE]\n\ndata: {bad\n\n"
    assert decoded("chat", stream).parts == (TextPart(text="Hi"),)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "refusal"), ("novel", "other")],
)
def test_chat_finish_reasons(said, meant):
    assert chat({"content": "Hi"}, finish=said).finish == meant


def test_a_stop_with_tool_calls_is_a_call_for_tools():
    assert chat(fragment(0, "a", "x", "{}"), finish="stop").finish == "tool_calls"


def test_a_refusal_without_a_word_is_no_answer():
    with pytest.raises(ModelError) as caught:
        chat(finish="content_filter")
    assert (caught.value.reason, caught.value.retryable) == ("refused", False)


@pytest.mark.parametrize(
    "usage",
    [None, {}, [], {"prompt_tokens": -1}, {"prompt_tokens": None}, {"prompt_tokens": "many"}],
)
def test_usage_that_is_missing_or_nonsense_is_unknown(usage):
    answer = chat({"content": "Hi"}, usage=usage)
    assert (answer.usage, answer.cost_usd) == (None, None)


@pytest.mark.parametrize("said", [b"1" + b"0" * 400, b"1e15", b"true", b"1e16"])
def test_a_number_of_tokens_beyond_reason_is_unknown_and_no_obstacle(said):
    lone = b'{"id":"\\ud83d","choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]'
    usage = b',"usage":{"prompt_tokens":%b,"completion_tokens":2,"cost":%b}}'
    answer = decoded("chat", b"data: " + lone + usage % (said, said) + b"\n\n")
    known = 10**15 if said == b"1e15" else 0
    assert answer.usage == Usage(input_tokens=known, output_tokens=2)
    assert answer.cost_usd is None


def test_impossible_details_of_usage_are_bounded_by_the_whole():
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": -4,
        "prompt_tokens_details": {"cached_tokens": 99},
        "completion_tokens_details": None,
        "cost": -1,
    }
    answer = chat({"content": "Hi"}, usage=usage)
    assert answer.usage == Usage(input_tokens=10, cache_read_tokens=10)
    assert answer.cost_usd is None


@pytest.mark.parametrize(
    ("cost", "known"), [(0.0123, "0.012300000"), (0, "0E-9"), (1e-7, "1.00E-7")]
)
def test_openrouters_cost_is_the_cost(cost, known):
    answer = chat({"content": "Hi"}, usage={"prompt_tokens": 1, "cost": cost})
    assert str(answer.cost_usd) == known


def test_anthropics_cached_tokens_count_as_input():
    usage = {
        "input_tokens": 5,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 1,
    }
    start = {"type": "message_start", "message": {"id": "m", "usage": usage}}
    block = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": "Hi"},
    }
    stop = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 7},
    }
    assert decoded("messages", sse(start, block, stop)).usage == Usage(
        input_tokens=125, output_tokens=7, cache_read_tokens=100, cache_write_tokens=20
    )


def test_openrouters_reasoning_details_are_joined_for_the_way_back():
    def detail(**fields: Any) -> dict[str, Any]:
        return {"reasoning_details": [{"type": "reasoning.text", "index": 0, **fields}]}

    answer = chat(
        {"reasoning": "Let ", **detail(text="Let ")},
        {"reasoning": "me", **detail(text="me", signature=None)},
        detail(signature="sig", text=""),
        {"reasoning_details": [{"type": "reasoning.encrypted", "index": 1, "data": "xx"}]},
        {"content": "Hi"},
    )
    thought = answer.parts[0]
    assert isinstance(thought, ReasoningPart)
    assert thought.text == "Let me"
    assert thought.details == {
        "wire": "openrouter",
        "reasoning_details": [
            {"type": "reasoning.text", "index": 0, "text": "Let me", "signature": "sig"},
            {"type": "reasoning.encrypted", "index": 1, "data": "xx"},
        ],
    }


def test_redacted_thinking_is_kept():
    block = {"type": "redacted_thinking", "data": "opaque"}
    start = {"type": "content_block_start", "index": 0, "content_block": block}
    answer = decoded("messages", sse(start, {"type": "message_stop"}))
    assert answer.parts == (ReasoningPart(text="", details={"wire": "messages", "data": "opaque"}),)


def test_unknown_blocks_events_and_deltas_are_ignored():
    stream = sse(
        {"type": "surprise"},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "hologram"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "hologram_delta", "x": 1}},
        {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "?"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_stop"},
    )
    assert decoded("messages", stream).parts == (TextPart(text="Hi"),)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
    ],
)
def test_anthropics_stop_reasons(said, meant):
    block = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": "Hi"},
    }
    stop = {"type": "message_delta", "delta": {"stop_reason": said}}
    assert decoded("messages", sse(block, stop)).finish == meant


def gemini_chunk(*parts: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "candidates": [{"content": {"parts": list(parts)}, "finishReason": finish}],
        "responseId": "r",
        **more,
    }


def test_gemini_signatures_stay_with_their_parts():
    answer = decoded(
        "gemini",
        sse(
            gemini_chunk({"text": "hm", "thought": True}),
            gemini_chunk({"functionCall": {"name": "x", "args": {}}, "thoughtSignature": "s1"}),
            gemini_chunk({"functionCall": {"name": "y", "args": {"a": 1}}}),
            gemini_chunk({"text": "", "thoughtSignature": "s2"}, finish="STOP"),
        ),
    )
    signed = {"wire": "g", "thoughtSignature": "s1"}
    assert answer.parts[0] == ReasoningPart(text="hm")
    first, second = (part for part in answer.parts if isinstance(part, ToolCallPart))
    assert (first.details, second.details) == (signed, None)
    assert answer.parts[-1] == ReasoningPart(
        text="", details={"wire": "g", "thoughtSignature": "s2"}
    )
    assert answer.finish == "tool_calls"


@pytest.mark.parametrize(
    ("said", "meant"),
    [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "refusal"), ("NOVEL", "other")],
)
def test_geminis_finish_reasons(said, meant):
    assert decoded("gemini", sse(gemini_chunk({"text": "Hi"}, finish=said))).finish == meant


def test_a_prompt_that_gemini_blocks_is_refused():
    with pytest.raises(ModelError, match="PROHIBITED") as caught:
        decoded("gemini", sse({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}))
    assert not caught.value.retryable


def test_a_malformed_function_call_of_geminis_is_worth_another_try():
    with pytest.raises(ModelError, match="MALFORMED_FUNCTION_CALL") as caught:
        decoded("gemini", sse(gemini_chunk(finish="MALFORMED_FUNCTION_CALL")))
    assert (caught.value.reason, caught.value.retryable) == ("malformed_answer", True)


@pytest.mark.parametrize(
    ("voice", "body"),
    [
        ("chat", {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}),
        (
            "messages",
            {
                "type": "message",
                "content": [{"type": "text", "text": "Hi"}],
                "stop_reason": "end_turn",
            },
        ),
        ("gemini", gemini_chunk({"text": "Hi"}, finish="STOP")),
        ("gemini", [gemini_chunk({"text": "H"}), gemini_chunk({"text": "i"}, finish="STOP")]),
    ],
)
def test_a_server_that_does_not_stream_is_understood(voice, body):
    assert decoded(voice, json.dumps(body).encode()).parts == (TextPart(text="Hi"),)


def test_deltas_come_with_the_block_that_completes_them():
    decoder = new_decoder("chat")
    event = sse({"choices": [{"delta": {"content": "Hi"}}]})
    assert decoder.feed(event[:20]) == []
    assert decoder.feed(event[20:]) == [TextDelta("Hi")]

"""Tool calls in text."""

import json

from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.message import Message, TextPart, ToolCallPart, ToolResultPart
from callboard.domain.tool import ToolSpec, json_outputs
from callboard.engine.text_calls import as_text, described, has_text_calls, split_calls

from .made import json_values, texts


def test_text_and_calls_come_in_the_order_in_which_they_stand():
    text = (
        "I look.\n<codebuff_tool_call>\n"
        '{"cb_tool_name": "read_files", "paths": ["a"], "cb_easp": true}\n'
        '</codebuff_tool_call>\nThen I stop.<callboard_tool_call>{"tool_name": "end_turn"}'
    )
    assert split_calls(text, "x") == (
        TextPart(text="I look."),
        ToolCallPart(call_id="x1", tool="read_files", arguments={"paths": ["a"]}),
        TextPart(text="Then I stop."),
        ToolCallPart(call_id="x2", tool="end_turn", arguments={}),
    )


def test_a_closing_tag_within_a_json_text_does_not_end_the_call():
    body = json.dumps({"cb_tool_name": "write_file", "content": "</codebuff_tool_call> x"})
    (call,) = split_calls(f"<codebuff_tool_call>{body}</codebuff_tool_call>", "x")
    assert isinstance(call, ToolCallPart)
    assert call.arguments == {"content": "</codebuff_tool_call> x"}


def test_a_block_that_is_no_call_keeps_its_text():
    text = "<codebuff_tool_call>{oops</codebuff_tool_call>after"
    call, after = split_calls(text, "x")
    assert call == ToolCallPart(call_id="x1", tool="unknown", arguments=None, raw="{oops")
    assert after == TextPart(text="after")


@given(st.text(max_size=80))
def test_any_text_is_split_without_a_fault(text):
    parts = split_calls(text, "x")
    assert all(isinstance(part, TextPart | ToolCallPart) for part in parts)
    assert has_text_calls(text) or "".join(p.text for p in parts if isinstance(p, TextPart)) == (
        text.strip()
    )


@given(st.dictionaries(texts, json_values, max_size=3))
def test_a_call_that_was_written_as_text_is_read_back(arguments):
    call = ToolCallPart(call_id="c", tool="put", arguments=arguments)
    written = as_text(Message(role="assistant", parts=(TextPart(text="so"), call)))
    read = [part for part in split_calls(written.text, "x") if isinstance(part, ToolCallPart)]
    kept = {key: value for key, value in arguments.items() if key not in _RESERVED}
    assert [(part.tool, part.arguments) for part in read] == [("put", kept)]


_RESERVED = {"cb_tool_name", "tool_name", "toolName", "cb_easp"}


def test_results_are_told_as_a_message_of_the_user():
    result = ToolResultPart(call_id="c", tool="look", output=json_outputs({"a": 1}))
    told = as_text(Message(role="tool", parts=(result,)))
    assert told.role == "user"
    assert json.loads(told.text.removeprefix("<tool_result>").removesuffix("</tool_result>")) == {
        "toolName": "look",
        "toolCallId": "c",
        "output": [{"a": 1}],
    }


def test_a_model_without_native_calls_is_told_how_to_call_and_what():
    spec = ToolSpec(name="look", description="Look at a file.", input_schema={"type": "object"})
    assert "## look\n\nLook at a file." in described((spec,))
    assert "<callboard_tool_call>" in described((spec,))
    assert described(()) == ""

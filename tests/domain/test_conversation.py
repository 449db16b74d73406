"""The conversation in the language's shape, outputs, and prompts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.definition.agent import Limits
from callboard.domain.events.child_run import ChildRunEnded
from callboard.domain.events.conversation import MessageAdded, MessagesReplaced, OutputSet
from callboard.domain.message import (
    JsonObject,
    MediaPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from callboard.domain.output import AllMessages, ErrorOutput, LastMessage, StructuredOutput
from callboard.domain.run.tags import RECOVERY
from callboard.domain.tool import json_outputs
from callboard.engine.control import control_events
from callboard.engine.outputs import completed, output_of
from callboard.engine.prompt import (
    Spawnable,
    Surroundings,
    instructions_prompt,
    next_prompt,
    system_prompt,
)
from callboard.engine.transcript import from_language, to_language

from .logs import agent, answered, created, state_after, turn_of
from .made import json_values, texts

calls = st.builds(
    ToolCallPart,
    call_id=texts,
    tool=texts,
    arguments=st.dictionaries(texts, json_values, max_size=2),
)
plain_messages = st.one_of(
    st.builds(
        Message,
        role=st.sampled_from(["user", "assistant"]),
        parts=st.lists(st.builds(TextPart, text=texts) | calls, max_size=3).map(tuple),
    ),
    st.builds(
        Message,
        role=st.just("tool"),
        parts=st.builds(
            ToolResultPart,
            call_id=texts,
            tool=texts,
            output=st.lists(json_values, max_size=2).map(
                lambda values: tuple(one for value in values for one in json_outputs(value))
            ),
        ).map(lambda part: (part,)),
    ),
)


@given(st.lists(plain_messages, max_size=4).map(tuple))
def test_a_conversation_of_texts_calls_and_results_comes_back_from_its_language_form(messages):
    assert from_language(list(to_language(messages, whole=True))) == joined(messages)


def joined(messages):
    """Results that follow one another are one message."""
    done = []
    for message in messages:
        if done and message.role == done[-1].role == "tool":
            done[-1] = done[-1].model_copy(update={"parts": (*done[-1].parts, *message.parts)})
        else:
            done.append(message)
    return tuple(done)


def test_a_program_hands_back_everything_that_it_was_shown():
    message = Message(
        role="assistant",
        parts=(
            ReasoningPart(text="r", details={"signature": "s"}),
            MediaPart(media_type="image/png", data="QQ=="),
            ToolCallPart(call_id="d", tool="look", arguments=None, raw="{oops"),
        ),
        tags=("USER_PROMPT",),
        expires="run",
    )
    failed = ToolResultPart(call_id="c", tool="look", output=json_outputs(1), is_error=True)
    shown = (message, Message(role="tool", parts=(failed,)))
    assert from_language(list(to_language(shown, whole=True))) == shown


@given(st.lists(json_values, max_size=4))
def test_anything_may_be_set_as_messages_and_nothing_is_dropped(entries):
    messages = from_language(entries)
    assert len(to_language(messages)) == len(entries)
    json.dumps(to_language(messages))


@given(st.lists(plain_messages, max_size=4).map(tuple))
def test_the_language_form_is_json(messages):
    entries = to_language(messages)
    assert json.loads(json.dumps(entries)) == list(entries)


def test_the_results_of_one_turn_are_one_message_each_in_the_language():
    message = Message(
        role="tool",
        parts=(
            ToolResultPart(call_id="c1", tool="look", output=json_outputs({"a": 1})),
            ToolResultPart(call_id="c2", tool="put", output=()),
        ),
    )
    assert to_language((message,)) == (
        {
            "role": "tool",
            "toolName": "look",
            "toolCallId": "c1",
            "content": [{"type": "json", "value": {"a": 1}}],
        },
        {"role": "tool", "toolName": "put", "toolCallId": "c2", "content": []},
    )


def test_every_kind_of_part_has_a_language_form():
    message = Message(
        role="assistant",
        parts=(
            TextPart(text="t"),
            ReasoningPart(text="r", details={"signature": "s"}),
            MediaPart(media_type="image/png", data="QQ=="),
            ToolCallPart(call_id="c", tool="look", arguments={"a": 1}),
            ToolCallPart(call_id="d", tool="look", arguments=None, raw="{oops"),
        ),
    )
    (entry,) = to_language((message,))
    assert isinstance(entry, dict)
    assert entry["content"] == [
        {"type": "text", "text": "t"},
        {"type": "reasoning", "text": "r"},
        {"type": "media", "mediaType": "image/png", "data": "QQ=="},
        {"type": "tool-call", "toolCallId": "c", "toolName": "look", "input": {"a": 1}},
        {"type": "tool-call", "toolCallId": "d", "toolName": "look", "input": "{oops"},
    ]


@pytest.mark.parametrize(
    ("entry", "role", "text"),
    [
        ({"role": "user", "content": "hello"}, "user", "hello"),
        ({"role": "assistant", "content": [{"type": "text", "text": "hi"}]}, "assistant", "hi"),
        ({"content": "no role"}, "user", "no role"),
        ({"role": "system", "content": "as a user"}, "user", "as a user"),
        ({"role": "user"}, "user", ""),
        ({"role": "user", "content": None}, "user", ""),
        ("just text", "user", "just text"),
        (5, "user", "5"),
    ],
)
def test_loosely_written_messages_are_understood(entry, role, text):
    (message,) = from_language([entry])
    assert (message.role, message.text) == (role, text)


def outcome(mode: str, *events, **fields):
    return output_of(state_after(*events, first=created(agent(output_mode=mode, **fields))))


def test_the_last_message_with_text_is_the_output():
    events = [*turn_of("first", "look"), *answered("last", turn=2)]
    assert outcome("last_message", *events) == LastMessage(value="last", text="last")


def test_an_answer_without_text_does_not_hide_the_one_before():
    events = [*turn_of("words", "look"), *turn_of("", "end_turn", turn=2)]
    assert outcome("last_message", *events) == LastMessage(value="words", text="words")


def test_a_run_without_any_answer_has_nothing_to_show():
    assert outcome("last_message") == ErrorOutput(
        message="No response from agent", code="no_response"
    )
    assert completed(state_after()).type == "run.failed"


def test_all_messages_are_those_of_the_run_itself_and_not_the_inherited_ones():
    history = (user_message("before"),)
    state = state_after(
        *answered("now"), first=created(agent(output_mode="all_messages"), history=history)
    )
    output = output_of(state)
    assert isinstance(output, AllMessages)
    assert "before" not in json.dumps(output.value)
    assert "now" in json.dumps(output.value)
    assert "<user_message>go</user_message>" in json.dumps(output.value)


@pytest.mark.parametrize("value", [{"a": 1}, [], "text", None])
def test_the_structured_output_is_what_was_set_last(value):
    events = [OutputSet(value={"old": True}), OutputSet(value=value)]
    assert outcome("structured_output", *events) == StructuredOutput(value=value)


def test_a_structured_output_that_was_never_set_is_null():
    assert outcome("structured_output") == StructuredOutput(value=None)


def test_messages_that_replaced_the_conversation_are_the_runs_own():
    replaced = MessagesReplaced(messages=(user_message("new"),))
    assert outcome("all_messages", replaced) == AllMessages(
        value=({"role": "user", "content": [{"type": "text", "text": "new"}]},)
    )


def test_the_user_message_holds_the_prompt_and_the_parameters():
    state = state_after(first=created(prompt="do it", params={"n": 1}))
    assert state.messages[0].text == '<user_message>do it\n\n{\n  "n": 1\n}</user_message>'


@pytest.mark.parametrize(("prompt", "params"), [(None, None), ("  ", None), ("", {})])
def test_without_a_prompt_there_is_no_user_message(prompt, params):
    assert state_after(first=created(prompt=prompt, params=params)).messages == ()


def test_the_conversation_opens_with_history_then_prompt_then_instructions():
    history = (user_message("before"),)
    state = state_after(first=created(history=history, instructions="How to"))
    assert [message.text for message in state.messages] == [
        "before",
        "<user_message>go</user_message>",
        "How to",
    ]


def test_the_step_prompt_comes_last_and_lives_for_one_request():
    state = state_after(*turn_of("t", "look"), first=created(agent(step_prompt="Go on.")))
    prompt = next_prompt(state)
    assert prompt.messages[:-1] == state.messages
    assert prompt.messages[-1].text == "<system_reminder>Go on.</system_reminder>"
    assert prompt.messages[-1].expires == "turn"
    assert prompt.stable == len(state.messages)


def test_what_was_sent_is_sent_again_byte_for_byte():
    before = state_after(*turn_of("one", "look"))
    after = state_after(*turn_of("one", "look"), *turn_of("two", "look", turn=2))
    stable = next_prompt(before).messages[: next_prompt(before).stable]
    again = next_prompt(after).messages[: len(stable)]
    assert [one.model_dump_json() for one in stable] == [one.model_dump_json() for one in again]


@pytest.mark.parametrize("step_prompt", ["", "  \n "])
def test_an_empty_step_prompt_adds_nothing(step_prompt):
    state = state_after(first=created(agent(step_prompt=step_prompt)))
    assert next_prompt(state).messages == state.messages


@pytest.mark.parametrize("family", ["CALLBOARD", "CODEBUFF"])
def test_placeholders_are_filled_in_every_prompt(family):
    definition = agent(
        display_name="Ada",
        system_prompt=f"I am {{{family}_AGENT_NAME}}. {{{family}_INITIAL_AGENT_PROMPT}}",
        instructions_prompt=f"{{{family}_USER_INPUT_PROMPT}}!",
        step_prompt=f"{{{family}_REMAINING_STEPS}} left for {{{family}_AGENT_NAME}}",
    )
    assert system_prompt(definition, Surroundings(prompt='say "x"\n')) == 'I am Ada. say \\"x\\"\\n'
    assert instructions_prompt(definition, Surroundings(prompt="hi"), ()) == "hi!"
    state = state_after(
        *turn_of("t", "look"), first=created(definition, limits=Limits(turns=5), prompt="p")
    )
    assert next_prompt(state).messages[-1].text == (
        "<system_reminder>4 left for Ada</system_reminder>"
    )


def test_an_unknown_placeholder_stays_as_it_is():
    assert system_prompt(agent(system_prompt="{CALLBOARD_MOON} {x}"), Surroundings()) == (
        "{CALLBOARD_MOON} {x}"
    )


def test_what_a_user_wrote_is_never_taken_for_a_placeholder():
    definition = agent(
        display_name="{CALLBOARD_USER_INPUT_PROMPT}", system_prompt="{CALLBOARD_AGENT_NAME}"
    )
    assert system_prompt(definition, Surroundings(prompt="p")) == "{CALLBOARD_USER_INPUT_PROMPT}"


@given(texts)
def test_a_prompt_is_escaped_as_in_a_json_text(prompt):
    asking = agent(system_prompt="<{CALLBOARD_USER_INPUT_PROMPT}>")
    filled = system_prompt(asking, Surroundings(prompt=prompt))
    assert json.loads(f'"{filled[1:-1]}"') == prompt


def test_instructions_list_who_can_be_spawned_and_the_schema_of_the_output():
    definition = agent(
        instructions_prompt="Do it.",
        output_mode="structured_output",
        output_schema={"$schema": "x", "type": "object"},
    )
    thinker = agent(id="thinker", spawner_prompt="for hard things")
    spawnable = [Spawnable("thinker", thinker), Spawnable("other")]
    text = instructions_prompt(definition, Surroundings(), spawnable)
    assert text.startswith("Do it.\n\n")
    assert "- thinker: for hard things\n- other\n" in text
    assert '"type": "object"' in text
    assert "$schema" not in text


def test_who_cannot_spawn_is_told_of_nobody():
    definition = agent(tool_names=("look",))
    assert instructions_prompt(definition, Surroundings(), [Spawnable("thinker")]) == ""


def test_an_agent_that_adds_a_message_speaks_after_the_turns_results():
    asked = answered("t", "add_message", arguments={"role": "user", "content": "note"})
    before = state_after(*asked)
    after = state_after(*asked, *control_events(before, before.calls[0]))
    assert [message.role for message in after.messages[-2:]] == ["tool", "user"]
    assert after.messages[-1].text == "note"


def test_setting_messages_replaces_the_conversation_and_leaves_no_stray_result():
    fresh: JsonObject = {"messages": [{"role": "user", "content": "fresh"}]}
    asked = answered("t", "set_messages", arguments=fresh)
    before = state_after(*asked)
    after = state_after(*asked, *control_events(before, before.calls[0]))
    assert [message.text for message in after.messages] == ["fresh"]


def test_the_engines_own_notes_carry_a_tag():
    state = state_after(*answered(""), MessageAdded(message=user_message("again", RECOVERY)))
    assert state.recoveries == 1
    assert state.messages[-1].tags == (RECOVERY,)


def test_a_child_that_ends_is_paid_by_its_parent():
    ended = ChildRunEnded.model_validate(
        {
            "child_run_id": "r.1-0-0",
            "status": "completed",
            "output": {"type": "lastMessage", "value": "v", "text": "v"},
            "bill": {"known_usd": "0.5", "has_unknown": True},
            "usage": {"input_tokens": 7},
        }
    )
    state = state_after(*answered("t"), ended)
    assert state.usage.input_tokens == 7
    assert state.bill.total_usd is None

"""Conversations that grow too long."""

from datetime import timedelta

import pytest

from callboard.domain.definition.agent import CompactContext
from callboard.domain.events.conversation import MessageAdded
from callboard.domain.frozen import changed
from callboard.domain.message import (
    MediaPart,
    Message,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from callboard.domain.run.tags import INSTRUCTIONS_PROMPT, USER_PROMPT
from callboard.domain.tool import error_outputs, json_outputs
from callboard.engine.commands import Append
from callboard.engine.compaction import compacted, due_compaction
from callboard.engine.decide import decide
from callboard.engine.summary import SUMMARY
from callboard.engine.tokens import tokens_of

from .logs import START, agent, answered, created, state_after, turn_of

ASKED = user_message("<user_message>Fix the bug</user_message>", USER_PROMPT)
HOW = user_message("Be careful.", INSTRUCTIONS_PROMPT)


def worked(text: str, tool: str, result: object, *, is_error: bool = False, **given: object):
    call = ToolCallPart.model_validate({"call_id": "c", "tool": tool, "arguments": given})
    output = error_outputs(str(result)) if is_error else json_outputs(result)
    part = ToolResultPart(call_id="c", tool=tool, output=output, is_error=is_error)
    return (
        Message(role="assistant", parts=(TextPart(text=text), call)),
        Message(role="tool", parts=(part,)),
    )


def summary_of(*messages: Message) -> str:
    return compacted(messages)[0].text


def test_a_summary_keeps_what_was_asked_and_what_was_done():
    text = summary_of(
        ASKED,
        HOW,
        *worked("I read it.", "read_files", [{"path": "a.py"}], paths=["a.py"]),
        *worked(
            "", "run_terminal_command", {"exitCode": 2, "stdout": "x" * 9999}, command="pytest"
        ),
        *worked("<think>hmm</think>Now.", "str_replace", "no match", is_error=True, path="a.py"),
    )
    assert "[USER]\nFix the bug" in text
    assert "I read it.\ninspected files: a.py" in text
    assert "ran command: pytest" in text
    assert "the command ended with exit code 2" in text
    assert "str_replace failed: no match" in text
    assert "hmm" not in text
    assert "xxxx" not in text


def test_instructions_stay_and_who_was_at_work_is_told_to_go_on():
    messages = compacted((ASKED, HOW, *worked("t", "look", 1)))
    assert messages[1] == HOW
    assert "Go on" in messages[2].text
    assert SUMMARY in messages[0].tags


def test_a_prompt_that_nobody_has_worked_on_yet_is_not_summarised():
    again = user_message("<user_message>And now this</user_message>", USER_PROMPT)
    messages = compacted((ASKED, *worked("t", "look", 1), again))
    assert messages[-1] is again
    assert "And now this" not in messages[0].text


def test_summaries_of_summaries_compose():
    first = compacted((ASKED, *worked("one", "look", 1)))
    second = compacted((*first, *worked("two", "look", 1)))
    text = second[0].text
    assert text.count("<historical_memory>") == 1
    assert text.index("Fix the bug") < text.index("one") < text.index("two")


def test_the_newest_survive_where_not_all_fit():
    long = [part for n in range(200) for part in worked(f"note {n} " + "x" * 3000, "look", 1)]
    text = summary_of(ASKED, *long)
    assert "note 199" in text
    assert "note 0 " not in text
    assert "Fix the bug" in text


def test_images_of_the_last_message_that_had_some_stay():
    image = MediaPart(media_type="image/png", data="QQ==")
    shown = ASKED.model_copy(update={"parts": (*ASKED.parts, image)})
    assert image in compacted((shown, *worked("t", "look", 1)))[0].parts


def grown(**options: object):
    definition = agent(compact_context=CompactContext.model_validate(options) if options else True)
    events = [*turn_of("word " * 4000, "look"), *answered("t", turn=2)]
    return state_after(*events, first=created(definition))


def test_a_conversation_within_the_limit_is_left_alone():
    assert due_compaction(grown()) is None


def test_one_beyond_the_limit_is_compacted_before_the_next_request():
    state = grown(max_context_length=3000)
    event = due_compaction(state)
    assert event is not None
    assert event.tokens_after < event.tokens_before
    assert tokens_of(event.messages) <= event.tokens_after
    again = state_after(
        *turn_of("word " * 4000, "look"),
        first=created(agent(compact_context=CompactContext(max_context_length=3000))),
    )
    command = decide(again)
    assert isinstance(command, Append)
    assert command.events[0].type == "context.compacted"
    after = state_after(
        *turn_of("word " * 4000, "look"),
        *command.events,
        first=created(agent(compact_context=CompactContext(max_context_length=3000))),
    )
    assert decide(after).__class__.__name__ == "CallModel"


@pytest.mark.parametrize(("minutes", "due"), [(1, False), (31, True)])
def test_a_long_pause_is_used_because_the_providers_cache_is_cold_anyway(minutes, due):
    state = grown(cache_expiry_min_tokens=1000)
    later = changed(state, at=START + timedelta(minutes=minutes))
    assert (due_compaction(later) is not None) == due


def test_without_the_wish_nothing_is_ever_compacted():
    state = state_after(*turn_of("word " * 400_000, "look"), MessageAdded(message=ASKED))
    assert due_compaction(state) is None

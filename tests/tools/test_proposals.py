"""Proposals: changes that are shown and never made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.message import (
    Message,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user_message,
)
from callboard.domain.tool import json_outputs
from callboard.tools.diffs import unified_diff


def answer(*calls):
    parts = (ToolCallPart(call_id=name, tool=tool, arguments=args) for name, tool, args in calls)
    return Message(role="assistant", parts=(TextPart(text="…"), *parts))


def results(*ids, failed=()):
    return Message(
        role="tool",
        parts=tuple(
            ToolResultPart(call_id=one, tool="x", output=json_outputs({}), is_error=one in failed)
            for one in ids
        ),
    )


def replacing(old, new, path="a.py"):
    return {"path": path, "replacements": [{"old": old, "new": new}]}


@pytest.fixture
def untouched(root):
    (root / "a.py").write_text("one\ntwo\nthree\n")
    yield
    assert (root / "a.py").read_text() == "one\ntwo\nthree\n"
    assert [entry.name for entry in root.iterdir()] == ["a.py"]


@pytest.mark.anyio
@pytest.mark.usefixtures("untouched")
class TestProposing:
    async def test_a_replacement_is_shown_as_a_diff_and_not_made(self, call):
        value, failed = await call("propose_str_replace", replacing("two", "2"))
        assert not failed
        assert value["file"] == "a.py"
        assert "nothing was written" in value["message"]
        assert value["unifiedDiff"] == (
            "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
        )

    async def test_a_new_file_is_shown_and_not_written(self, call):
        value, _ = await call("propose_write_file", {"path": "b/new.py", "content": "x\n"})
        assert value["unifiedDiff"] == "--- /dev/null\n+++ b/b/new.py\n@@ -0,0 +1 @@\n+x\n"

    async def test_what_cannot_be_changed_cannot_be_proposed(self, call):
        for name, arguments, said in (
            ("propose_str_replace", replacing("four", "4"), "was not found"),
            ("propose_str_replace", replacing("x", "y", "nope"), "propose_write_file"),
            ("propose_write_file", {"path": "a.py", "content": "one\ntwo\nthree\n"}, "same"),
            ("propose_write_file", {"path": "../x", "content": "x"}, "outside"),
            ("propose_write_file", {"path": ".env", "content": "x"}, "secrets"),
            ("propose_write_file", {"path": "x", "content": "\ud800"}, "surrogate"),
        ):
            value, failed = await call(name, arguments)
            assert failed
            assert said in value["errorMessage"]
            assert value["file"] == arguments["path"]

    async def test_later_proposals_build_on_earlier_ones_of_the_run(self, call):
        messages = (
            user_message("go"),
            answer(("call", "propose_str_replace", replacing("two", "2", "./a.py"))),
            results("call"),
            answer(
                ("c2", "propose_str_replace", {"path": "a.py", "old_str": "2", "new_str": "II"})
            ),
            results("c2"),
        )
        value, failed = await call(
            "propose_str_replace", replacing("II", "deux"), messages=messages
        )
        assert not failed
        assert "-II\n+deux\n" in value["unifiedDiff"]

    async def test_proposals_that_failed_or_are_for_other_files_count_for_nothing(self, call):
        messages = (
            answer(
                ("c1", "propose_str_replace", replacing("two", "2")),
                ("c2", "propose_write_file", {"path": "b.py", "content": "other"}),
                ("c3", "propose_write_file", {"content": "no path"}),
                ("c4", "write_file", {"path": "a.py", "content": "real"}),
            ),
            results("c1", "c2", "c3", "c4", failed=("c1",)),
        )
        value, _ = await call("propose_str_replace", replacing("two", "deux"), messages=messages)
        assert "-two\n+deux\n" in value["unifiedDiff"]

    async def test_earlier_calls_of_the_same_answer_count_and_later_ones_do_not(self, call):
        messages = (
            answer(("call", "propose_str_replace", replacing("three", "3"))),
            results("call", failed=("call",)),
            answer(
                ("c1", "propose_write_file", {"path": "a.py", "content": "new\ntwo\n"}),
                ("call", "propose_str_replace", replacing("new", "newer")),
                ("c3", "propose_write_file", {"path": "a.py", "content": "last\n"}),
            ),
        )
        value, _ = await call("propose_str_replace", replacing("new", "newer"), messages=messages)
        assert value["unifiedDiff"].endswith("@@ -1,2 +1,2 @@\n-new\n+newer\n two\n")


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "-- x\n", "\n"]), max_size=12).map("".join)


@given(LINES, LINES, st.sampled_from(["", "end"]))
def test_a_diff_turns_the_old_text_into_the_new_one(old, new, tail):
    assert applied(old + tail, unified_diff("f", old + tail, new + tail)) == new + tail


def test_texts_that_have_nothing_in_common_are_compared_in_bounded_time():
    old = "".join(f"{number}\n" for number in range(100_000))
    new = "".join(f"{number}x\n" for number in range(100_000))
    diff = unified_diff("f", old, new)
    assert diff.startswith("--- a/f\n+++ b/f\n@@ -1,100000 +1,100000 @@\n")
    assert diff.endswith("[The diff is longer; the rest was cut.]\n")
    middle = unified_diff("f", "same\n" + old, "same\n" + new)
    assert "@@ -2,100000 +2,100000 @@" in middle


def applied(old, diff):
    """The text that a strict reader of diffs makes; fails where the diff is not about this text."""
    lines = old.splitlines(keepends=True)
    made, done = [], 0
    body = diff.splitlines(keepends=True)[2:]
    for index, line in enumerate(body):
        ended = index + 1 == len(body) or not body[index + 1].startswith("\\")
        text = line[1:] if ended else line[1:].removesuffix("\n")
        if line.startswith("@@"):
            start, _, count = line.split()[1][1:].partition(",")
            first = int(start) - (count != "0")
            made += lines[done:first]
            done = first
        elif line.startswith("+"):
            made.append(text)
        elif not line.startswith("\\"):
            assert lines[done] == text
            made += [text] if line.startswith(" ") else []
            done += 1
    return "".join([*made, *lines[done:]])

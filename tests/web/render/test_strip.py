import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.web.render.strip import MOST_MARKS, StripMark, strip

from .markup import read
from .payloads import PAYLOADS

MARKS = st.lists(
    st.builds(
        StripMark,
        st.sampled_from(["model", "tool", "decision"]),
        st.floats(),
        st.floats(),
        st.text(max_size=8),
        st.just("#e1"),
        st.booleans(),
    ),
    max_size=30,
)


def tools(count: int, *, failed: tuple[int, ...] = ()) -> list[StripMark]:
    return [StripMark("tool", n, n + 0.9, f"call {n}", f"#e{n}", n in failed) for n in range(count)]


@settings(deadline=None)
@given(MARKS, st.floats(), st.booleans())
def test_any_marks_can_be_drawn(marks: list[StripMark], length: float, hide: bool):
    root = read(strip(marks, length, hide_idle=hide))
    for mark in root.every("rect"):
        assert all(
            math.isfinite(float(mark.attributes[name])) for name in ("x", "y", "width", "height")
        )


def test_each_mark_leads_to_its_event_and_says_what_it_was():
    marks = [
        StripMark("model", 0, 10, "Turn 1", "#e1"),
        StripMark("tool", 10, 12, "run_tests", "#e2", failed=True),
        StripMark("decision", 30, 60, "Merge?", "#e3"),
    ]
    root = read(strip(marks, 60))
    assert [
        (link.attributes["href"], link.attributes["aria-label"]) for link in root.every("a")
    ] == [
        ("#e1", "Turn 1 \u00b7 0.0 s"),
        ("#e2", "run_tests \u00b7 failed \u00b7 10 s"),
        ("#e3", "Merge? \u00b7 30 s"),
    ]
    assert len(root.named("strip-failed")) == 1
    assert (
        root.named("strip")[0].attributes["aria-label"] == "Time strip of 1 min: 3 events, 1 failed"
    )


def test_ten_thousand_calls_are_a_few_hundred_marks_and_every_failure_is_still_seen():
    failed = tuple(range(0, 10_000, 1_000))
    root = read(strip(tools(10_000, failed=failed), 10_000))
    assert len(list(root.every("a"))) <= MOST_MARKS
    assert len(root.named("strip-failed")) == len(failed)


def test_time_in_which_nothing_happened_is_folded_on_demand():
    marks = [StripMark("tool", 0, 5, "a", "#a"), StripMark("tool", 3_600, 3_605, "b", "#b")]
    apart = [float(one.attributes["x"]) for one in read(strip(marks, 3_605)).every("rect")]
    near = read(strip(marks, 3_605, hide_idle=True))
    (fold,) = near.named("strip-fold")
    assert fold.text == "idle for 60 min"
    lefts = [float(one.attributes["x"]) for one in near.every("rect")]
    assert apart[1] - apart[0] > lefts[1] - lefts[0] > 0


def test_a_wait_for_a_decision_is_idle_time():
    marks = [
        StripMark("tool", 0, 5, "a", "#a"),
        StripMark("decision", 6, 4_000, "ok?", "#b"),
        StripMark("tool", 4_000, 4_010, "c", "#c"),
    ]
    assert len(read(strip(marks, 4_010, hide_idle=True)).named("strip-fold")) == 1


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attack_in_a_mark_is_text(payload: str):
    read(strip([StripMark("tool", 0, 1, payload, "#e1")], 2))

"""Who comes next of those that wait for a place."""

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.submission import RANK, Submission
from callboard.engine.lanes import Lanes

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def taken(lanes, now=NOW, busy=None):
    found = []
    while (one := lanes.next(now, busy or {})) is not None:
        found.append(one.run_id)
    return found


def test_spaces_take_turns():
    lanes = Lanes()
    for name in ("a1", "a2", "a3", "b1", "b2"):
        lanes.add(Submission(name, name[0]))
    assert taken(lanes) == ["a1", "b1", "a2", "b2", "a3"]


def test_the_space_with_the_fewest_runs_under_way_comes_first():
    lanes = Lanes()
    for name in ("a1", "b1", "c1"):
        lanes.add(Submission(name, name[0]))
    assert taken(lanes, busy={"a": 2, "b": 1}) == ["c1", "b1", "a1"]


def test_within_a_space_the_most_urgent_comes_first_then_the_oldest():
    lanes = Lanes()
    lanes.add(Submission("l", "a", "low"))
    lanes.add(Submission("n1", "a"))
    lanes.add(Submission("n2", "a"))
    lanes.add(Submission("u", "a", "urgent"))
    assert taken(lanes) == ["u", "n1", "n2", "l"]


def test_nobody_comes_before_its_time():
    lanes = Lanes()
    lanes.add(Submission("later", not_before=NOW + timedelta(seconds=5)))
    assert (taken(lanes), lanes.due_at()) == ([], NOW + timedelta(seconds=5))
    assert taken(lanes, NOW + timedelta(seconds=5)) == ["later"]
    assert lanes.due_at() is None


def test_what_is_submitted_again_waits_once_as_early_and_as_urgent_as_any():
    lanes = Lanes()
    lanes.add(Submission("other", priority="high"))
    lanes.add(Submission("a", priority="low", not_before=NOW + timedelta(days=1)))
    lanes.add(Submission("a", priority="urgent", not_before=NOW + timedelta(days=2)))
    assert lanes.due_at() == NOW + timedelta(days=1)
    lanes.add(Submission("a", priority="low"))
    assert len(lanes) == 2
    assert taken(lanes) == ["a", "other"]


def test_what_was_forgotten_does_not_come():
    lanes = Lanes()
    lanes.add(Submission("a"))
    lanes.add(Submission("b", not_before=NOW))
    lanes.clear()
    assert (taken(lanes), len(lanes), lanes.due_at()) == ([], 0, None)


submissions = st.builds(
    Submission,
    st.sampled_from([f"r{n}" for n in range(12)]),
    st.sampled_from("abc"),
    st.sampled_from(sorted(RANK)),
    st.none() | st.integers(-5, 5).map(lambda s: NOW + timedelta(seconds=s)),
)


@given(st.lists(submissions, max_size=40))
def test_everybody_comes_once_and_nobody_too_early(given_submissions):
    lanes = Lanes()
    for submission in given_submissions:
        lanes.add(submission)
    runs = {one.run_id for one in given_submissions}
    early = {one.run_id for one in given_submissions if (one.not_before or NOW) <= NOW}
    first = taken(lanes)
    assert set(first) == early
    assert sorted([*first, *taken(lanes, NOW + timedelta(seconds=5))]) == sorted(runs)


@given(st.lists(submissions.filter(lambda one: one.not_before is None), max_size=40))
def test_no_space_is_served_again_before_all_others_that_wait(given_submissions):
    lanes, order = Lanes(), []
    for submission in given_submissions:
        lanes.add(submission)
    while (one := lanes.next(NOW, {})) is not None:
        order.append(one.space)
    for at, space in enumerate(order):
        if space in order[:at]:
            before = at - 1 - order[:at][::-1].index(space)
            still_waiting = set(order[at + 1 :]) - {space}
            assert still_waiting <= set(order[before + 1 : at])

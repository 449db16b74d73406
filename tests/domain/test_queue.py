"""Which tasks begin: never more than there is room for, never before what they need, no space before another."""

from collections import Counter
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.org.task import TaskRecord
from callboard.engine.tasks.queue import dependency_circle, startable

NOON = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
ANN = Actor(kind="person", name="ann")


def task(number, space="shop", state="queued", **fields):
    return TaskRecord.model_validate(
        {
            "key": f"{space.upper()}-{number}",
            "space": space,
            "title": "T",
            "workflow": "flow",
            "repository": "/r",
            "state": state,
            "created_by": ANN,
            "created_at": NOON,
            "queued_at": NOON + timedelta(minutes=number),
        }
        | fields
    )


def keys(found):
    return [one.key for one in found]


def test_the_most_urgent_comes_first_then_the_one_that_waited_longest():
    queued = [task(3), task(1), task(2, priority="urgent")]
    assert keys(startable(queued, {}, frozenset(), {"shop": 9}, 9)) == [
        "SHOP-2",
        "SHOP-1",
        "SHOP-3",
    ]


def test_a_free_place_goes_to_the_space_with_the_least_under_way():
    queued = [task(n) for n in range(1, 4)] + [task(9, "auth")]
    rooms = {"shop": 9, "auth": 9}
    assert keys(startable(queued, {"shop": 2}, frozenset(), rooms, 2)) == ["AUTH-9", "SHOP-1"]


def test_what_needs_something_else_begins_when_that_is_done():
    queued = [task(2, depends_on=("SHOP-1",))]
    assert startable(queued, {}, frozenset(), {"shop": 9}, 9) == []
    assert keys(startable(queued, {}, frozenset({"SHOP-1"}), {"shop": 9}, 9)) == ["SHOP-2"]


def test_a_space_that_is_closed_begins_nothing():
    assert startable([task(1)], {}, frozenset(), {}, 9) == []


spaces = st.sampled_from(["shop", "auth", "docs"])


@st.composite
def queues(draw):
    made = [
        task(n, draw(spaces), priority=draw(st.sampled_from(["low", "normal", "urgent"])))
        for n in range(1, draw(st.integers(0, 12)) + 1)
    ]
    busy = draw(st.dictionaries(spaces, st.integers(0, 3)))
    rooms = draw(st.dictionaries(spaces, st.integers(1, 4)))
    return made, busy, rooms, draw(st.integers(1, 10))


@given(queues())
def test_there_is_always_room_for_what_begins_and_none_left_for_what_does_not(queue):
    queued, busy, rooms, places = queue
    chosen = startable(queued, busy, frozenset(), rooms, places)
    assert len(set(keys(chosen))) == len(chosen)
    after = Counter(busy) + Counter(one.space for one in chosen)
    for space in {one.space for one in chosen}:
        assert after[space] <= rooms[space]
    assert len(chosen) <= places
    if len(chosen) < places:
        for one in queued:
            assert one in chosen or after[one.space] >= rooms.get(one.space, 0)


@given(queues(), st.randoms())
def test_the_order_in_which_they_are_read_changes_nothing(queue, random):
    queued, busy, rooms, places = queue
    mixed = list(queued)
    random.shuffle(mixed)
    assert keys(startable(mixed, busy, frozenset(), rooms, places)) == keys(
        startable(queued, busy, frozenset(), rooms, places)
    )


def test_the_way_round_a_circle_is_told():
    needs = {"A": ("B",), "B": ("C",), "C": ("A",)}
    assert dependency_circle(needs, "A") == ("A", "B", "C", "A")
    assert dependency_circle(needs | {"C": ()}, "A") == ()

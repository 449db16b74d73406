"""What waits for the writer together is done together where that makes no difference to anybody."""

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.errors import Fenced, RunExists
from callboard.domain.run_row import RunStatus
from callboard.ports.event_store import Batch, Claim
from callboard.stores.relational.jobs import Creation, Job, Release, in_turn
from callboard.testing.store.samples import SampleLog, broken_at

RUNS = ("one", "two")


def batch(run_id):
    return SampleLog(run_id).batch(1, 1)


def creation(run_id):
    return Creation((), SampleLog(run_id).row(), (), "us")


def release(run_id):
    return Release(Claim(run_id, 1, 0, ""), "us")


def something_else(session):
    return session


KINDS = st.one_of(
    st.sampled_from(RUNS).map(batch),
    st.sampled_from(RUNS).map(creation),
    st.sampled_from(RUNS).map(release),
    st.builds(partial, st.just(something_else)),
)


def parts_of(works):
    loop = asyncio.new_event_loop()
    parts = in_turn([Job(work, loop.create_future()) for work in works])
    loop.close()
    return [[job.work for job in part] for part in parts]


@given(st.lists(KINDS, max_size=12))
def test_nothing_is_lost_or_done_twice(works):
    done = [work for part in parts_of(works) for work in part]
    assert sorted(map(id, done)) == sorted(map(id, works))


@given(st.lists(KINDS, max_size=12))
def test_all_but_releases_keep_their_order(works):
    done = [work for part in parts_of(works) for work in part]
    assert [id(work) for work in done if not isinstance(work, Release)] == [
        id(work) for work in works if not isinstance(work, Release)
    ]


@given(st.lists(KINDS, max_size=12))
def test_a_release_overtakes_nothing_and_what_is_by_itself_does_not_overtake_it(works):
    done = [id(work) for part in parts_of(works) for work in part]
    for place, work in enumerate(works):
        if not isinstance(work, Release):
            continue
        behind = done[done.index(id(work)) :]
        earlier = [one for one in works[:place] if not isinstance(one, Release)]
        later = [one for one in works[place:] if isinstance(one, partial)]
        assert not any(id(one) in behind for one in earlier)
        assert all(id(one) in behind for one in later)


def test_what_is_of_a_kind_is_done_at_once():
    works = [batch("one"), release("two"), batch("two"), release("one"), creation("one")]
    kinds = [[type(work) for work in part] for part in parts_of(works)]
    assert kinds == [[Batch, Batch], [Creation], [Release, Release]]


@pytest.mark.anyio
async def test_of_many_that_wait_together_each_is_judged_by_itself(either_store):
    store, logs = either_store, [SampleLog(f"r{n}") for n in range(90)]
    for log in logs[:5]:
        await store.release(await log.created_in(store))
    creations = [SampleLog(f"r{n}").created_in(store) for n in range(5)]
    claims = await asyncio.gather(
        *creations, *(log.created_in(store) for log in logs[5:]), return_exceptions=True
    )
    assert [isinstance(claim, RunExists) for claim in claims] == [True] * 5 + [False] * 85

    standings: list[RunStatus] = ["running", "waiting", "completed"]
    fenced = [n % 7 == 0 for n in range(90)]
    first = [log.batch(9 if fenced[n] else 1, 1 + n % 3) for n, log in enumerate(logs)]
    then = [
        log.batch(9 if fenced[n] else 1, 2, status=standings[n % 3]) for n, log in enumerate(logs)
    ]
    outcomes, _ = await asyncio.gather(
        asyncio.gather(*map(store.append, [*first, *then]), return_exceptions=True),
        asyncio.gather(*map(store.release, claims[5:])),
    )
    assert [isinstance(each, Fenced) for each in outcomes] == fenced * 2
    for n, log in enumerate(logs):
        events, row = await store.read(log.run_id), await store.row(log.run_id)
        assert len(events) == (1 if fenced[n] else log.seq)
        assert broken_at(events, await store.head(log.run_id)) is None
        assert row.status == ("running" if fenced[n] else standings[n % 3])
        assert (await store.claim(log.run_id)).epoch == 2

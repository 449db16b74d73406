"""Packs of recorded files go when nobody can go on in the copy that they are of, and not before."""

from dataclasses import replace

import pytest

from callboard.ports.tree_packs import PrivateCopy, TreePack
from callboard.testing.shelf import shelve
from callboard.testing.store.samples import SampleLog

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(either_store):
    return either_store


async def run_in(store, run_id, root):
    """Store a run that ended, and worked in a directory."""
    log = SampleLog(run_id)
    claim = await store.create(log.events(), replace(log.row(), workspace=root))
    batch = log.batch(claim.epoch, 1, status="completed")
    await store.append(replace(batch, row=replace(batch.row, workspace=root)))
    await store.release(claim)


async def copy_at(store, root, source=None):
    """Note a copy with a pack."""
    packs = store.tree_packs
    await packs.note(PrivateCopy(root, "/r", "c" * 40, "a" * 40, "here", "a" * 40, source))
    assert await packs.keep(root, "here", "b" * 40, TreePack("b" * 40, "a" * 40, b"pack"))


async def has_packs(store, root):
    packs = store.tree_packs
    return (await packs.copy_of(root) is not None, bool(await packs.bases(root)))


async def test_packs_go_with_the_last_run_that_worked_in_their_copy(store):
    await copy_at(store, "/copies/a")
    for run_id in ("first", "second"):
        await run_in(store, run_id, "/copies/a")
    await shelve(store.shelf, "first")
    assert (await store.shelf.sweep()).packs == 0
    assert await has_packs(store, "/copies/a") == (True, True)
    await shelve(store.shelf, "second")
    assert (await store.shelf.sweep()).packs == 1
    assert await has_packs(store, "/copies/a") == (False, False)


async def test_packs_stay_while_a_copy_that_was_branched_from_theirs_may_need_them(store):
    await copy_at(store, "/copies/a")
    await copy_at(store, "/copies/fork", source="/copies/a")
    await run_in(store, "first", "/copies/a")
    await run_in(store, "fork", "/copies/fork")
    await shelve(store.shelf, "first")
    assert (await store.shelf.sweep()).packs == 0
    assert await has_packs(store, "/copies/a") == (True, True)
    await shelve(store.shelf, "fork")
    assert (await store.shelf.sweep()).packs == 2
    assert await has_packs(store, "/copies/a") == (False, False)


async def test_packs_of_a_copy_that_no_run_is_known_to_work_in_stay(store):
    await copy_at(store, "/copies/just-begun")
    assert (await store.shelf.sweep()).packs == 0
    assert await has_packs(store, "/copies/just-begun") == (True, True)

"""What every `callboard.ports.archive.Shelf` does. Subclass, and give the fixtures `store` (an event store), `threads` and
`shelf` over one database.
"""

# ruff: noqa: D102 - the names of the tests are their sentences

from collections.abc import Sequence
from datetime import timedelta

import pytest

from callboard.domain.errors import Fenced, RunArchived, UnknownThing
from callboard.domain.events.codec import BLOB_THRESHOLD, Blob, Recorded, Sealed, seal
from callboard.domain.events.files import FilesChanged
from callboard.domain.proof.anchor import Anchor
from callboard.domain.run_row import RunStatus
from callboard.ports.archive import Shelf
from callboard.ports.event_store import Batch, Claim, EventStore, RunsWanted
from callboard.ports.threads import Threads, WindowWanted
from callboard.testing.store.samples import NOON, SampleLog

LATER = NOON + timedelta(days=1)
MAY = "2026-05.zip"


def change(log: SampleLog, letter: str) -> tuple[Sealed, Blob]:
    """Return the next event of a log, one whose payload is in a blob full of a letter."""
    event = FilesChanged(
        turn=1, base_tree="a" * 40, tree="b" * 40, changes=(), diff=letter * (BLOB_THRESHOLD + 1)
    )
    sealed, blob = seal(Recorded(log.run_id, log.seq + 1, NOON, event), log.hash)
    log.seq, log.hash = sealed.seq, sealed.hash
    if blob is None:
        raise AssertionError("the payload stayed in the event")
    return sealed, blob


async def written(
    store: EventStore, log: SampleLog, letters: str = "", status: RunStatus = "completed"
) -> Claim:
    """Store a run with changes; return the claim, which stays in force."""
    claim = await log.created_in(store, count=2)
    changes = [change(log, letter) for letter in letters]
    if changes:
        await store.append(
            Batch(
                log.run_id,
                claim.epoch,
                claim.head,
                tuple(sealed for sealed, _ in changes),
                log.row(),
                tuple(blob for _, blob in changes),
            )
        )
    await store.append(log.batch(claim.epoch, 1, status=status))
    return claim


async def family(store: EventStore, root: str = "root", letters: str = "") -> None:
    """Store a root run and two below it, all ended."""
    for name, above in ((root, None), (f"{root}.1", root), (f"{root}.1.1", f"{root}.1")):
        log = SampleLog(name, root_id=root, parent_id=above)
        await store.release(await written(store, log, letters))


async def shelve(shelf: Shelf, root_id: str, file: str = MAY) -> Sequence[Anchor]:
    """Put a root run away."""
    logs = await shelf.logs(root_id)
    await shelf.put(root_id, logs, file, LATER)
    return logs


class ShelfContract:
    """The behaviour of `callboard.ports.archive.Shelf`."""

    async def test_finds_the_roots_that_ended_before_a_time(
        self, store: EventStore, shelf: Shelf
    ) -> None:
        await family(store, "b")
        await family(store, "a")
        await written(store, SampleLog("goes-on"), status="running")
        await written(store, SampleLog("waits"), status="waiting")
        assert await shelf.due(NOON) == []
        assert [due.run_id for due in await shelf.due(LATER)] == ["a", "b"]
        assert {due.ended_at for due in await shelf.due(LATER)} == {NOON}

    async def test_says_how_far_a_run_and_all_below_it_have_come(
        self, store: EventStore, shelf: Shelf
    ) -> None:
        await family(store)
        logs = await shelf.logs("root")
        assert [log.run_id for log in logs] == ["root", "root.1", "root.1.1"]
        for log in logs:
            head = await store.head(log.run_id)
            assert (log.seq, log.hash) == (head.seq, head.hash)
        assert await shelf.logs("nothing") == []

    async def test_says_whose_events_were_stored_in_which_order(
        self, store: EventStore, shelf: Shelf
    ) -> None:
        await family(store)
        shown = [event.run_id for event in await store.read_tree("root")]
        assert await shelf.order("root") == shown

    async def test_what_was_put_away_is_gone_and_says_where_it_lies(
        self, store: EventStore, threads: Threads, shelf: Shelf
    ) -> None:
        await family(store)
        await shelve(shelf, "root")
        for name in ("root", "root.1.1"):
            assert await shelf.file_of(name) == MAY
            for look in (
                store.read(name),
                store.read_tree(name),
                store.claim(name),
                store.signal(SampleLog(name).signal()),
                threads.window(WindowWanted(name)),
                threads.since(name, 0),
                threads.counts(name),
                threads.spans(name),
                threads.place_of(name, 1),
            ):
                with pytest.raises(RunArchived, match=rf"{name}.*{MAY}.*callboard archive show"):
                    await look

    async def test_lists_and_heads_go_on_as_before(
        self, store: EventStore, threads: Threads, shelf: Shelf
    ) -> None:
        await family(store)
        before = await store.rows(RunsWanted(root_only=False))
        logs = await shelve(shelf, "root")
        assert await store.rows(RunsWanted(root_only=False)) == before
        assert await store.row("root.1") is not None
        assert len(await threads.runs("root")) == 3
        assert [row.run_id for row in await store.children("root")] == ["root.1"]
        head = await store.head("root")
        assert Anchor("root", head.seq, head.hash) == logs[0]

    async def test_what_was_put_away_is_not_due_any_more(
        self, store: EventStore, shelf: Shelf
    ) -> None:
        await family(store, "a")
        await family(store, "b")
        await shelve(shelf, "a")
        assert [due.run_id for due in await shelf.due(LATER)] == ["b"]

    async def test_lists_what_lies_where(self, store: EventStore, shelf: Shelf) -> None:
        await family(store, "a")
        await family(store, "b")
        await shelve(shelf, "b")
        await shelve(shelf, "a", "2026-06.zip")
        assert [(one.run_id, one.at) for one in await shelf.shelved(MAY)] == [
            ("b", LATER),
            ("b.1", LATER),
            ("b.1.1", LATER),
        ]
        assert [one.file for one in await shelf.shelved()] == [MAY] * 3 + ["2026-06.zip"] * 3
        assert await shelf.shelved("2026-07.zip") == []

    async def test_nobody_else_is_touched(
        self, store: EventStore, threads: Threads, shelf: Shelf
    ) -> None:
        await family(store, "a")
        await family(store, "b", "xy")
        kept = await store.read_tree("b")
        window = await threads.window(WindowWanted("b"))
        await shelve(shelf, "a")
        assert await store.read_tree("b") == kept
        assert await threads.window(WindowWanted("b")) == window

    async def test_putting_a_run_where_it_lies_does_nothing_and_elsewhere_is_refused(
        self, store: EventStore, shelf: Shelf
    ) -> None:
        await family(store)
        logs = await shelve(shelf, "root")
        await shelf.put("root", logs, MAY, LATER)
        with pytest.raises(Fenced):
            await shelf.put("root", logs, "2026-06.zip", LATER)
        assert await shelf.file_of("root") == MAY

    async def test_a_run_that_went_on_meanwhile_stays(
        self, store: EventStore, shelf: Shelf
    ) -> None:
        log = SampleLog("root")
        claim = await written(store, log)
        logs = await shelf.logs("root")
        await store.append(log.batch(claim.epoch, 1, status="completed"))
        with pytest.raises(Fenced, match="meanwhile"):
            await shelf.put("root", logs, MAY, LATER)
        assert len(await store.read("root")) == 4

    @pytest.mark.parametrize("status", ["running", "waiting"])
    async def test_a_run_with_something_open_below_it_stays(
        self, store: EventStore, shelf: Shelf, status: RunStatus
    ) -> None:
        await family(store)
        below = SampleLog("root.2", root_id="root", parent_id="root")
        await written(store, below, status=status)
        assert await shelf.logs("root") == []
        heads = [
            (name, await store.head(name)) for name in ("root", "root.1", "root.1.1", "root.2")
        ]
        logs = [Anchor(name, head.seq, head.hash) for name, head in heads]
        with pytest.raises(Fenced):
            await shelf.put("root", logs, MAY, LATER)
        assert await shelf.file_of("root") is None

    async def test_a_run_that_nobody_knows_cannot_be_put_away(self, shelf: Shelf) -> None:
        with pytest.raises(Fenced):
            await shelf.put("nothing", [], MAY, LATER)
        with pytest.raises(Fenced):
            await shelf.put("nothing", [Anchor("nothing", 1, "0" * 64)], MAY, LATER)
        assert await shelf.file_of("nothing") is None

    async def test_whoever_held_a_claim_has_lost_it(self, store: EventStore, shelf: Shelf) -> None:
        log = SampleLog("root")
        claim = await written(store, log)
        await shelve(shelf, "root")
        with pytest.raises(Fenced):
            await store.append(log.batch(claim.epoch, 1, status="completed"))

    async def test_wishes_go_with_the_run(self, store: EventStore, shelf: Shelf) -> None:
        log = SampleLog("root")
        await written(store, log)
        await store.signal(log.signal())
        await shelve(shelf, "root")
        assert await store.signals(["root"]) == []

    async def test_what_is_written_next_is_behind_everything_that_ever_was(
        self, store: EventStore, threads: Threads, shelf: Shelf
    ) -> None:
        await family(store, "a")
        seen = (await threads.arrived(None)).head
        await shelve(shelf, "a")
        assert (await threads.arrived(seen)).threads == {}
        await family(store, "b")
        assert set((await threads.arrived(seen)).threads) == {"b"}
        await shelve(shelf, "b")
        await family(store, "c")
        assert set((await threads.arrived(seen)).threads) == {"c"}

    async def test_blobs_go_when_the_last_event_that_refers_to_them_is_gone(
        self, store: EventStore, shelf: Shelf
    ) -> None:
        await family(store, "a", "xy")
        await family(store, "b", "yz")
        x, y, z = (change(SampleLog("any"), letter)[1].sha256 for letter in "xyz")
        await shelve(shelf, "a")
        assert (await shelf.sweep()).blobs == 1
        assert set(await store.blobs([x, y, z])) == {y, z}
        await shelve(shelf, "b")
        assert (await shelf.sweep()).blobs == 2
        assert (await shelf.sweep()).blobs == 0
        assert await store.blobs([x, y, z]) == {}

    async def test_a_run_may_be_unknown(self, store: EventStore, shelf: Shelf) -> None:
        assert await shelf.file_of("nothing") is None
        with pytest.raises(UnknownThing) as caught:
            await store.read("nothing")
        assert not isinstance(caught.value, RunArchived)

    async def test_a_run_that_failed_is_put_away_like_any_other(
        self, store: EventStore, shelf: Shelf
    ) -> None:
        log = SampleLog("root")
        await written(store, log, status="failed")
        assert [due.run_id for due in await shelf.due(LATER)] == ["root"]
        await shelve(shelf, "root")
        assert await shelf.file_of("root") == MAY

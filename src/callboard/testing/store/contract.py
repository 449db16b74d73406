"""What every event store does. Subclass, and give the fixture `open_store`.

Each call of `open_store` opens one more store on the same storage, as another process would. Closing a
store frees what it claimed. The tests need anyio's pytest plugin.
"""

# ruff: noqa: D102 - the names of the tests are their sentences

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from callboard.domain.attempt_row import Attempt, AttemptRow
from callboard.domain.errors import Fenced, LogError, RunBusy, RunExists, UnknownThing
from callboard.domain.events.codec import GENESIS, Blob
from callboard.ports.event_store import AttemptsWanted, RunsWanted
from callboard.testing.store.below import BelowContract, Open
from callboard.testing.store.samples import NOON, SampleLog, broken_at


class EventStoreContract(BelowContract):
    """The behaviour of `callboard.ports.event_store.EventStore`."""

    async def test_reads_back_what_was_created(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        events = log.events(3)
        claim = await store.create(events, log.row())
        assert await store.read("r1") == list(events)
        assert (claim.run_id, claim.epoch, claim.head) == ("r1", 1, 3)
        assert claim.head_hash == events[-1].hash
        assert await store.row("r1") == log.row()

    async def test_reads_only_what_comes_after_a_position(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        events = log.events(5)
        await store.create(events, log.row())
        assert await store.read("r1", after=3) == list(events[3:])
        assert await store.read("r1", after=5) == []

    async def test_refuses_an_id_that_is_taken(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        await store.release(await log.created_in(store))
        before = await store.read("r1")
        with pytest.raises(RunExists):
            await SampleLog("r1").created_in(store, count=4)
        assert await store.read("r1") == before
        assert (await store.claim("r1")).epoch == 2

    async def test_one_of_many_simultaneous_creations_wins(self, open_store: Open) -> None:
        stores = [await open_store() for _ in range(4)]
        outcomes = await asyncio.gather(
            *(SampleLog("r1").created_in(store) for store in stores), return_exceptions=True
        )
        assert sum(isinstance(outcome, RunExists) for outcome in outcomes) == 3
        assert len(await stores[0].read("r1")) == 1

    async def test_appends_move_log_head_and_projection_together(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        claim = await log.created_in(store)
        await store.append(log.batch(claim.epoch, 2, status="completed"))
        head = await store.head("r1")
        assert (head.seq, head.hash, head.epoch) == (3, log.hash, 1)
        assert await store.row("r1") == log.row("completed")
        assert broken_at(await store.read("r1"), head) is None

    async def test_appends_submitted_one_after_the_other_commit_in_that_order(
        self, open_store: Open
    ) -> None:
        store = await open_store()
        logs = [SampleLog(f"r{n}") for n in range(5)]
        claims = [await log.created_in(store) for log in logs]
        futures = [
            store.append(log.batch(claim.epoch, 2))
            for _ in range(20)
            for log, claim in zip(logs, claims, strict=True)
        ]
        await asyncio.gather(*futures)
        for log in logs:
            events = await store.read(log.run_id)
            assert [event.seq for event in events] == list(range(1, 42))
            assert broken_at(events, await store.head(log.run_id)) is None

    async def test_a_batch_of_a_lost_epoch_leaves_no_trace(self, open_store: Open) -> None:
        first, log = await open_store(), SampleLog("r1")
        stale = await log.created_in(first)
        await first.release(stale)
        second = await open_store()
        fresh = await second.claim("r1")
        late = replace(
            SampleLog("r1", seq=1, hash=log.hash).batch(stale.epoch), blobs=(_blob(b"x"),)
        )
        with pytest.raises(Fenced):
            await first.append(late)
        assert await first.read("r1") == await second.read("r1")
        assert len(await second.read("r1")) == 1
        assert await second.blobs([_blob(b"x").sha256]) == {}
        await second.append(log.batch(fresh.epoch))

    async def test_a_batch_for_another_head_leaves_no_trace(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        claim = await log.created_in(store)
        twin = SampleLog("r1", seq=log.seq, hash=log.hash)
        await store.append(log.batch(claim.epoch, 2))
        with pytest.raises(Fenced):
            await store.append(twin.batch(claim.epoch, 1, status="failed"))
        assert len(await store.read("r1")) == 3
        assert await store.row("r1") == log.row()

    async def test_what_follows_a_fenced_batch_is_fenced_and_others_are_not(
        self, open_store: Open
    ) -> None:
        store, lost, kept = await open_store(), SampleLog("lost"), SampleLog("kept")
        await lost.created_in(store)
        claim = await kept.created_in(store)
        futures = [
            store.append(lost.batch(epoch=7)),
            store.append(kept.batch(claim.epoch)),
            store.append(lost.batch(epoch=1)),
            store.append(kept.batch(claim.epoch)),
        ]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Fenced, type(None), Fenced, type(None)]
        assert len(await store.read("kept")) == 3
        assert len(await store.read("lost")) == 1

    async def test_refuses_a_batch_with_a_gap(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        claim = await log.created_in(store)
        events = log.events(3)
        gap = replace(log.batch(claim.epoch), expected_head=1, events=events[1:])
        empty = replace(gap, events=())
        for batch in (gap, empty):
            with pytest.raises(LogError):
                await store.append(batch)
        assert len(await store.read("r1")) == 1

    async def test_an_append_to_an_unknown_run_is_fenced(self, open_store: Open) -> None:
        store = await open_store()
        with pytest.raises(Fenced):
            await store.append(SampleLog("nobody").batch(epoch=1))

    async def test_a_cancelled_wait_does_not_undo_the_append(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        claim = await log.created_in(store)
        store.append(log.batch(claim.epoch)).cancel()
        await store.append(log.batch(claim.epoch))
        assert len(await store.read("r1")) == 3

    async def test_an_unknown_run_is_said_to_be_unknown(self, open_store: Open) -> None:
        store = await open_store()
        for wish in (
            store.read("r9"),
            store.read_tree("r9"),
            store.head("r9"),
            store.claim("r9"),
            store.signal(SampleLog("r9").signal()),
        ):
            with pytest.raises(UnknownThing, match="r9"):
                await wish
        assert await store.row("r9") is None
        assert await store.children("r9") == []

    async def test_a_run_is_claimed_once_in_a_process(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        claim = await log.created_in(store)
        with pytest.raises(RunBusy):
            await store.claim("r1")
        await store.release(claim)
        again = await store.claim("r1")
        assert (again.epoch, again.head, again.head_hash) == (2, 1, log.hash)

    async def test_a_run_of_a_living_process_is_busy(self, open_store: Open) -> None:
        driver, other, log = await open_store(), await open_store(), SampleLog("r1")
        claim = await log.created_in(driver)
        with pytest.raises(RunBusy):
            await other.claim("r1")
        await driver.append(log.batch(claim.epoch))

    async def test_a_run_of_a_dead_process_is_free_at_once(self, open_store: Open) -> None:
        driver, other, log = await open_store(), await open_store(), SampleLog("r1")
        await log.created_in(driver, count=2)
        await driver.close()
        claim = await other.claim("r1")
        assert (claim.epoch, claim.head) == (2, 2)

    async def test_of_simultaneous_claims_one_wins(self, open_store: Open) -> None:
        maker, log = await open_store(), SampleLog("r1")
        await maker.release(await log.created_in(maker))
        rivals = [await open_store() for _ in range(4)]
        outcomes = await asyncio.gather(
            *(rival.claim("r1") for rival in rivals for _ in range(2)), return_exceptions=True
        )
        assert sum(isinstance(outcome, RunBusy) for outcome in outcomes) == 7
        assert (await maker.head("r1")).epoch == 2

    async def test_releasing_a_lost_claim_changes_nothing(self, open_store: Open) -> None:
        store, other, log = await open_store(), await open_store(), SampleLog("r1")
        old = await log.created_in(store)
        await store.release(old)
        await store.claim("r1")
        await store.release(old)
        with pytest.raises(RunBusy):
            await store.claim("r1")
        with pytest.raises(RunBusy):
            await other.claim("r1")

    async def test_unfinished_runs_are_open_roots_that_nobody_drives(
        self, open_store: Open
    ) -> None:
        dead, living = await open_store(), await open_store()
        await SampleLog("orphan").created_in(dead)
        await SampleLog("orphan-child", root_id="orphan", parent_id="orphan").created_in(dead)
        done = SampleLog("done")
        claim = await done.created_in(dead)
        await dead.append(done.batch(claim.epoch, status="cancelled"))
        waiting = SampleLog("waiting", created_at=NOON + timedelta(seconds=1))
        claim = await waiting.created_in(living)
        await living.append(waiting.batch(claim.epoch, status="waiting"))
        await living.release(claim)
        await SampleLog("driven").created_in(living)
        await dead.close()
        assert await living.unfinished() == ["orphan", "waiting"]

    async def test_a_tree_is_read_in_the_order_in_which_it_was_stored(
        self, open_store: Open
    ) -> None:
        store = await open_store()
        root = SampleLog("root")
        child = SampleLog("child", root_id="root", parent_id="root")
        leaf = SampleLog("leaf", root_id="root", parent_id="child")
        other = SampleLog("other")
        claims = {log.run_id: await log.created_in(store) for log in (root, child, leaf, other)}
        for log in (leaf, other, root, child, root, leaf):
            await store.append(log.batch(claims[log.run_id].epoch))
        tree = [(event.run_id, event.seq) for event in await store.read_tree("root")]
        assert tree == [
            *(("root", 1), ("child", 1), ("leaf", 1)),
            *(("leaf", 2), ("root", 2), ("child", 2), ("root", 3), ("leaf", 3)),
        ]
        below = [(event.run_id, event.seq) for event in await store.read_tree("child")]
        assert below == [place for place in tree if place[0] != "root"]

    async def test_lists_runs_newest_first_and_by_status(self, open_store: Open) -> None:
        store = await open_store()
        for n, status in enumerate(("running", "failed", "completed", "failed")):
            log = SampleLog(f"r{n}", created_at=NOON + timedelta(seconds=n))
            claim = await log.created_in(store)
            await store.append(log.batch(claim.epoch, status=status))
        await SampleLog("child", root_id="r0", parent_id="r0").created_in(store)
        assert [row.run_id for row in await store.rows()] == ["r3", "r2", "r1", "r0"]
        assert [row.run_id for row in await store.rows(RunsWanted(limit=2))] == ["r3", "r2"]
        assert [row.run_id for row in await store.rows(RunsWanted(statuses=("failed",)))] == [
            "r3",
            "r1",
        ]
        assert len(await store.rows(RunsWanted(root_only=False))) == 5
        assert await store.rows(RunsWanted(statuses=("' OR 1=1 --",))) == []

    async def test_lists_the_runs_of_some_spaces_and_of_one_task(self, open_store: Open) -> None:
        store = await open_store()
        for n, space in enumerate(("shop", "auth", "shop", "")):
            await SampleLog(
                f"r{n}", space=space, created_at=NOON + timedelta(seconds=n)
            ).created_in(store)

        async def found(wanted: RunsWanted) -> list[str]:
            return [row.run_id for row in await store.rows(wanted)]

        assert await found(RunsWanted(spaces=("shop",))) == ["r2", "r0"]
        assert await found(RunsWanted(spaces=("auth", ""))) == ["r3", "r1"]
        assert await found(RunsWanted(spaces=())) == []
        assert await found(RunsWanted(task="SHOP-1")) == ["r2", "r0"]
        assert await found(RunsWanted(step="no such step")) == []

    async def test_pages_of_runs_hold_each_once_even_of_one_moment(self, open_store: Open) -> None:
        store = await open_store()
        for n in range(5):
            moment = NOON + timedelta(seconds=n // 2)
            await SampleLog(f"r{n}", created_at=moment).created_in(store)
        seen: list[str] = []
        before = None
        while page := await store.rows(RunsWanted(before=before, limit=2)):
            seen += [row.run_id for row in page]
            before = (page[-1].created_at, page[-1].run_id)
            late = SampleLog(f"late{len(seen)}", created_at=NOON + timedelta(minutes=1))
            await late.created_in(store)
        assert seen == ["r4", "r3", "r2", "r1", "r0"]

    async def test_an_attempt_is_settled_with_the_events_that_settle_it_and_may_be_undone_later(
        self, open_store: Open
    ) -> None:
        store = await open_store()
        task = SampleLog("T")
        claim = await task.created_in(store)
        child = SampleLog("T.make-1", root_id="T", parent_id="T", created_at=NOON)
        await child.created_in(store)

        async def settle(*rows: AttemptRow) -> None:
            await store.append(replace(task.batch(claim.epoch), attempts=rows))

        def of_child(found: list[Attempt]) -> Attempt:
            return next(one for one in found if one.run_id == "T.make-1")

        assert of_child(await store.attempts(AttemptsWanted())).row is None
        passed = AttemptRow("T.make-1", judge=False, outcome="passed")
        await settle(passed)
        found = of_child(await store.attempts(AttemptsWanted(spaces=("shop",), agent="reviewer")))
        assert (found.row, found.accepted, found.step) == (passed, True, "implement")
        await settle(replace(passed, sent_back_by="review"))
        assert of_child(await store.attempts(AttemptsWanted())).accepted is False
        for nothing in (
            AttemptsWanted(spaces=("auth",)),
            AttemptsWanted(agent="nobody"),
            AttemptsWanted(since=NOON + timedelta(days=1)),
            AttemptsWanted(until=NOON),
        ):
            assert await store.attempts(nothing) == []

    async def test_lists_children_oldest_first(self, open_store: Open) -> None:
        store = await open_store()
        await SampleLog("root").created_in(store)
        for n in (2, 0, 1):
            at = NOON + timedelta(seconds=n)
            await SampleLog(f"c{n}", root_id="root", parent_id="root", created_at=at).created_in(
                store
            )
        assert [row.run_id for row in await store.children("root")] == ["c0", "c1", "c2"]

    async def test_blobs_come_back_by_address(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        one, two = _blob(b"\x00\xff" * 9), _blob(b"two")
        claim = await store.create(log.events(), log.row(), [one])
        await store.append(log.batch(claim.epoch, blobs=(one, two)))
        found = await store.blobs([one.sha256, two.sha256, GENESIS])
        assert found == {one.sha256: one.content, two.sha256: two.content}

    async def test_a_signal_is_recorded_once_and_consumed_once(self, open_store: Open) -> None:
        store, other, log = await open_store(), await open_store(), SampleLog("r1")
        await log.created_in(store)
        assert await store.signals(["r1"]) == []
        await other.signal(log.signal())
        await other.signal(replace(log.signal(), note="a second wish with the same key"))
        assert await store.signals(["r1"]) == [log.signal()]
        await store.consume([log.signal()])
        assert await store.signals(["r1"]) == []
        await store.signal(log.signal())
        assert await store.signals(["r1"]) == []

    async def test_signals_come_in_the_order_in_which_they_were_sent(
        self, open_store: Open
    ) -> None:
        store, one, two = await open_store(), SampleLog("r1"), SampleLog("r2")
        await one.created_in(store)
        await two.created_in(store)
        sent = [one.signal("b"), two.signal("a"), one.signal("a")]
        for signal in sent:
            await store.signal(signal)
        assert await store.signals(["r2", "r1"]) == sent
        assert await store.signals(["r2"]) == [sent[1]]
        assert await store.signals([]) == []

    async def test_closing_finishes_what_was_submitted(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        claim = await log.created_in(store)
        futures = [store.append(log.batch(claim.epoch)) for _ in range(10)]
        await store.close()
        await asyncio.gather(*futures)
        assert len(await (await open_store()).read("r1")) == 11

    async def test_a_closed_store_says_so(self, open_store: Open) -> None:
        store, log = await open_store(), SampleLog("r1")
        claim = await log.created_in(store)
        await store.close()
        await store.close()
        with pytest.raises(LogError, match="closed"):
            await store.append(log.batch(claim.epoch))
        with pytest.raises(LogError, match="closed"):
            await store.read("r1")

    async def test_hostile_text_is_only_text(self, open_store: Open) -> None:
        store = await open_store()
        for name in ("'; DROP TABLE run; --", "%s {0} :run_id ?", "\N{RIGHT-TO-LEFT OVERRIDE}"):
            log = SampleLog(name)
            hostile = replace(log.row(), title="a\x00b")
            await store.create(log.events(1), hostile)
            # a database may have no place for the character zero, and shows that there was one
            assert await store.row(name) in (hostile, replace(hostile, title="a\ufffdb"))
            assert broken_at(await store.read(name), await store.head(name)) is None


def _blob(content: bytes) -> Blob:
    return Blob(hashlib.sha256(content).hexdigest(), content)

"""The store against a model of it: a dictionary of lists, and two owners that come and go."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from callboard.domain.errors import Fenced, RunBusy, RunExists, UnknownThing
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.store.samples import SampleLog, broken_at

RUNS = st.sampled_from(["r1", "r2", "r3"])
SIDES = st.integers(0, 1)


class StoreAgainstModel(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.stores = [self.opened(), self.opened()]
        self.logs = {}  # run -> SampleLog at the true end
        self.bodies = {}  # run -> bodies
        self.epochs = {}  # run -> epoch
        self.holder = {}  # run -> (side, claim) of a claim that is in force
        self.lost = []  # (side, claim) that are not any more

    def opened(self):
        return self.do(SqliteEventStore.open(Path(self.directory.name) / "callboard.db"))

    def do(self, awaitable):
        async def bounded():
            async with asyncio.timeout(60):
                return await awaitable

        return self.loop.run_until_complete(bounded())

    def append(self, side, batch):
        async def submitted():
            await self.stores[side].append(batch)

        self.do(submitted())

    @rule(side=SIDES, run=RUNS, count=st.integers(1, 3))
    def create(self, side, run, count):
        log = SampleLog(run)
        events = log.events(count)
        held = run in self.holder and self.holder[run][0] == side
        try:
            claim = self.do(self.stores[side].create(events, log.row()))
        except RunExists:
            assert run in self.logs
        except RunBusy:
            assert held
        else:
            assert run not in self.logs
            self.logs[run], self.epochs[run] = log, 1
            self.bodies[run] = [event.body for event in events]
            self.holder[run] = (side, claim)

    @rule(side=SIDES, run=RUNS)
    def claim(self, side, run):
        try:
            claim = self.do(self.stores[side].claim(run))
        except UnknownThing:
            assert run not in self.logs
        except RunBusy:
            assert run in self.holder
        else:
            assert run not in self.holder
            self.epochs[run] += 1
            assert (claim.epoch, claim.head) == (self.epochs[run], self.logs[run].seq)
            self.holder[run] = (side, claim)

    @precondition(lambda self: self.holder)
    @rule(data=st.data(), sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4))
    def append_in_one_go(self, data, sizes):
        run = data.draw(st.sampled_from(sorted(self.holder)))
        side, claim = self.holder[run]
        batches = [self.logs[run].batch(claim.epoch, size) for size in sizes]

        async def submitted():
            await asyncio.gather(*[self.stores[side].append(batch) for batch in batches])

        self.do(submitted())
        self.bodies[run] += [event.body for batch in batches for event in batch.events]

    @precondition(lambda self: self.lost)
    @rule(data=st.data())
    def append_with_a_lost_claim(self, data):
        side, claim = data.draw(st.sampled_from(self.lost))
        if (
            self.epochs[claim.run_id] == claim.epoch
        ):  # released, and nobody took over: still in force
            return
        log = self.logs[claim.run_id]
        try:
            self.append(
                side, SampleLog(claim.run_id, seq=log.seq, hash=log.hash).batch(claim.epoch)
            )
        except Fenced:
            return
        raise AssertionError("a lost claim appended")

    @precondition(lambda self: self.holder)
    @rule(data=st.data())
    def release(self, data):
        run = data.draw(st.sampled_from(sorted(self.holder)))
        side, claim = self.holder.pop(run)
        self.do(self.stores[side].release(claim))
        self.lost.append((side, claim))

    @rule(side=SIDES)
    def die_and_come_back(self, side):
        self.do(self.stores[side].close())
        self.stores[side] = self.opened()
        for run in [run for run, (holder, _) in self.holder.items() if holder == side]:
            self.lost.append(self.holder.pop(run))

    @invariant()
    def both_sides_read_the_model(self):
        for store in self.stores:
            assert {row.run_id for row in self.do(store.rows())} == set(self.logs)
            for run, log in self.logs.items():
                events, head = self.do(store.read(run)), self.do(store.head(run))
                assert [event.body for event in events] == self.bodies[run]
                assert (head.seq, head.hash, head.epoch) == (log.seq, log.hash, self.epochs[run])
                assert broken_at(events, head) is None
            assert set(self.do(store.unfinished())) == set(self.logs) - set(self.holder)

    def teardown(self):
        for store in self.stores:
            self.do(store.close())
        self.loop.close()
        self.directory.cleanup()


TestStoreAgainstModel = StoreAgainstModel.TestCase
TestStoreAgainstModel.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)

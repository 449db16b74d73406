"""Whatever happens to workers and to the database: each answer is recorded once, and nothing is done twice."""

import asyncio
import contextlib
import json
import signal
import sqlite3
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from benchmarks.staff import ROOT, SIGNED, books, dismiss, found, office, set_tasks, settled

from callboard.domain.errors import RunBusy
from callboard.domain.events.codec import Sealed, chain_hash, timestamp
from callboard.domain.org.task import TASKS
from callboard.domain.submission import Submission
from callboard.domain.thread_mark import Mark
from callboard.ports.event_store import Batch
from callboard.stores.tables import record, run
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.fork_run import ForkRun, fork_run
from callboard.usecases.gates import open_gate
from callboard.usecases.queueing import cancel_task
from callboard.usecases.verify_run import verify_run
from tests.conformance.conftest import BOUND_S, ON_A_SERVER, asked

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
MANY = 10_000


async def all_end(app, keys):
    async with asyncio.timeout(BOUND_S):
        await settled(app, keys)


async def agree(app, plan, keys, state="done"):
    """Hold that all ended as they should, and that the ledgers agree."""
    tasks = [await app.records.get(TASKS, key) for key in keys]
    assert {kept.value.state for kept in tasks} == {state}
    found_in_books = await books(app, plan)
    assert found_in_books.problems == ()
    return found_in_books


async def waits(app, run_id):
    async with asyncio.timeout(BOUND_S):
        while True:
            row = await app.ports.store.row(run_id)
            if row is not None and row.status == "waiting":
                return row
            await asyncio.sleep(0.02)


async def approve(app, run_id):
    gate = await open_gate(app, ROOT, run_id)
    async with asyncio.timeout(BOUND_S):
        while True:  # whoever came to the gate lets go of the run a moment later
            with contextlib.suppress(RunBusy):
                approval = Decision("approve")
                await record_decision(app, ROOT, run_id, approval, digest=gate.gate.digest)
                return
            await asyncio.sleep(0.02)


async def test_two_workers_that_start_at_once_share_the_work(plan, company):
    async with office(plan) as app:
        await found(app)
        keys = await set_tasks(app, 8)
        company.hire(at_once=2)
        company.hire(at_once=2)
        await all_end(app, keys)
        assert (await agree(app, plan, keys)).lost == 0


async def test_what_a_killed_worker_left_is_finished_by_another(plan, company):
    async with office(plan) as app:
        await found(app)
        killed = company.hire(thinks_s=0.1)
        keys = await set_tasks(app, 4)
        await asked(plan, 6)
        dismiss(killed, at_once=True)
        company.hire()
        await all_end(app, keys)
        assert (await agree(app, plan, keys)).resumed > 0


async def test_a_worker_that_froze_past_its_lease_writes_nothing_twice(plan, company):
    async with office(plan) as app:
        await found(app)
        frozen = company.hire(thinks_s=0.2)
        keys = await set_tasks(app, 3)
        await asked(plan, 4)
        frozen.send_signal(signal.SIGSTOP)
        company.hire()
        if plan.url is not None:  # a file is held as long as its process lives
            await all_end(app, keys)
        frozen.send_signal(signal.SIGCONT)
        await all_end(app, keys)
        assert dismiss(frozen) == 0
        await agree(app, plan, keys)


async def test_a_worker_that_is_told_to_end_leaves_the_rest_to_others(plan, company):
    async with office(plan) as app:
        await found(app)
        first = company.hire(thinks_s=0.1)
        keys = await set_tasks(app, 4)
        await asked(plan, 5)
        assert dismiss(first) == 0
        company.hire()
        await all_end(app, keys)
        assert (await agree(app, plan, keys)).lost == 0


@pytest.mark.parametrize("plan", ON_A_SERVER, indirect=True)
async def test_all_go_on_where_they_were_when_the_database_has_crashed(plan, company, own_server):
    plan = company.plan = replace(plan, url=own_server.url)
    async with office(plan) as app:
        await found(app)
        company.hire(thinks_s=0.05)
        company.hire(thinks_s=0.05)
        keys = await set_tasks(app, 6)
        for calls in (6, 12):
            await asked(plan, calls)
            await asyncio.to_thread(own_server.crash)
            await asyncio.to_thread(own_server.start)
        await all_end(app, keys)
        await agree(app, plan, keys)


async def test_what_was_signed_off_while_everything_was_down_goes_on(plan, company):
    async with office(plan) as app:
        await found(app, SIGNED)
        keys = await set_tasks(app, 1)
        worker = company.hire()
        await waits(app, "SHOP-1-1")
        assert dismiss(worker) == 0
        await approve(app, "SHOP-1-1")
    async with office(plan) as app:
        company.hire()
        await all_end(app, keys)
        await agree(app, plan, keys)


async def test_hints_may_be_lost_and_doubled(plan, company):
    async with office(replace(plan, dispatcher="embedded")) as deaf:
        await found(deaf)
        company.hire()
        keys = await set_tasks(deaf, 3)
        async with office(plan) as app:
            for key in keys * 4:
                await app.dispatcher.submit(Submission(f"{key}-1", "shop"))
                await app.dispatcher.knock()
            await all_end(app, keys)
            for key in keys * 4:
                await app.dispatcher.submit(Submission(f"{key}-1", "shop"))
            more = await set_tasks(deaf, 1)
            await all_end(app, more)
            assert (await agree(app, plan, [*keys, *more])).lost == 0


async def test_a_task_ends_in_the_middle_of_a_call_when_somebody_elsewhere_says_so(plan, company):
    async with office(plan) as app:
        await found(app)
        company.hire(thinks_s=600)
        keys = await set_tasks(app, 1)
        await asked(plan, 1)
        async with asyncio.timeout(BOUND_S):
            await cancel_task(app, ROOT, keys[0], "enough")
        await all_end(app, keys)
        assert (await agree(app, plan, keys, "cancelled")).calls == 0


async def test_runs_can_be_forked_at_every_event(plan, company):
    async with office(plan) as app:
        await found(app)
        company.hire()
        keys = await set_tasks(app, 1)
        await all_end(app, keys)
        [child] = await app.ports.store.children("SHOP-1-1")
        for at in range(1, len(await app.ports.store.read(child.run_id)) + 1):
            await fork_run(app, ROOT, ForkRun(child.run_id, at, f"fork-{at}"))
            ended = await app.driver.drive(f"fork-{at}")
            assert ended.terminal is not None
            assert (await verify_run(app, ROOT, f"fork-{at}")).problems == ()


async def append_news(app, run_id):
    """Append an event of a kind that only a later release knows, and leave the run to whoever can read it."""
    store = app.ports.store
    row, claim = await store.row(run_id), await store.claim(run_id)
    now = app.ports.clock.now()
    place = {"run_id": run_id, "seq": claim.head + 1, "at": timestamp(now)}
    body = json.dumps(place | {"type": "run.transfigured", "v": 1}).encode()
    sealed = Sealed(run_id, claim.head + 1, body, chain_hash(claim.head_hash, body))
    going_on = replace(row, status="running", waiting_for=None, waiting_on=None)
    mark = Mark(facets=0, took_ms=0, nano_usd=0, at=now)
    await store.append(Batch(run_id, claim.epoch, claim.head, (sealed,), going_on, marks=(mark,)))
    await store.release(claim)
    return await store.head(run_id)


async def test_a_run_with_an_event_of_a_later_release_is_left_alone(plan, company):
    async with office(plan) as app:
        await found(app, SIGNED)
        await set_tasks(app, 1)
        worker = company.hire()
        await waits(app, "SHOP-1-1")
        assert dismiss(worker) == 0
        head = await append_news(app, "SHOP-1-1")
        company.hire()
        await set_tasks(app, 1)
        await waits(app, "SHOP-2-1")
        now = await app.ports.store.head("SHOP-1-1")
        assert (now.seq, now.hash) == (head.seq, head.hash)
        kept = await app.records.get(TASKS, "SHOP-1")
        assert kept is not None
        assert kept.value.state == "under_way"


async def test_a_worker_whose_clock_is_wrong_takes_nothing_away(plan, company):
    async with office(plan) as app:
        await found(app)
        company.hire(thinks_s=0.5)
        keys = await set_tasks(app, 2)
        await asked(plan, 2)
        company.hire(skew_s=3_600.0)
        company.hire(skew_s=-3_600.0)
        await all_end(app, keys)
        assert (await agree(app, plan, keys)).resumed == 0


def copies(table, source, **changed):
    """Return the statement that copies a row many times."""
    names = [column.name for column in table.c if column.name != "position"]
    values = ", ".join(changed.get(name, f"{table.name}.{name}") for name in names)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) "
    chosen = f"SELECT {values} FROM {table.name}, n WHERE {source}"
    return f"{numbers} INSERT INTO {table.name} ({', '.join(names)}) {chosen}"


def memory_of(worker):
    with Path(f"/proc/{worker.pid}/status").open() as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


async def test_ten_thousand_runs_that_wait_are_rows_and_the_next_one_wakes(plan, company):
    async with office(plan) as app:
        await found(app, SIGNED)
        keys = await set_tasks(app, 1)
        worker = company.hire()
        await waits(app, "SHOP-1-1")
        before = memory_of(worker)
        number = "'W' || n.i" if plan.url is None else "'W' || n.i::text"
        statements = (
            copies(run, "run.run_id = 'SHOP-1-1'", run_id=number, root_id=number, task=number),
            copies(record, "record.kind = 'task'", name=number),
        )
        await asyncio.to_thread(execute, plan, statements)
        await approve(app, "SHOP-1-1")
        await all_end(app, keys)
        more = await set_tasks(app, 1)
        await waits(app, "SHOP-2-1")
        await approve(app, "SHOP-2-1")
        await all_end(app, more)
        assert memory_of(worker) - before < 20_000  # kilobytes, for what a second task takes


def execute(plan, statements):
    if plan.url is None:
        with sqlite3.connect(f"{plan.home}/callboard.db", timeout=30) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return
    with psycopg.connect(plan.url) as connection:
        for statement in statements:
            connection.execute(statement)

"""Workers: several on one database, ones that stop in the middle, and people who come between."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.org.principal import as_owner
from callboard.domain.org.task import TASKS
from callboard.domain.workflow import WorkflowDefinition
from callboard.ports.event_store import RunsWanted
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.clock import PatientClock
from callboard.testing.model import Match, Rule, Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.rig import FixedRegistry, rig
from callboard.testing.world import World, WorldWorkspaces
from callboard.usecases.board import list_tasks, show_task
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.limits import list_limits
from callboard.usecases.queueing import begin, cancel_task, queue_task
from callboard.usecases.spaces import NewSpace, change_space, create_space
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.verify_run import verify_run
from callboard.usecases.worker import Worker
from callboard.usecases.workflows import apply_workflow

pytestmark = pytest.mark.anyio

ROOT = as_owner(Actor(kind="person", name="root"))
WRITER = AgentDefinition.model_validate(
    {"id": "writer", "display_name": "W", "model": "scripted/writer", "tool_names": ("put",)}
)
CALL = ScriptedCall.model_validate({"tool": "put", "arguments": {"path": "a", "text": "1"}})


def flow(*extra):
    first = {"kind": "agent", "id": "make", "title": "Make", "agent": "writer"}
    return WorkflowDefinition.model_validate(
        {"id": "flow", "title": "Flow", "steps": [first, *extra]}
    )


SIGN = {"kind": "people", "id": "sign", "title": "Sign"}


def script(delay_s=0.0):
    done = Rule(when=Match(tool_result="."), turn=Turn(text="done"))
    begin = Rule(when=Match(), turn=Turn(calls=(CALL,), delay_s=delay_s))
    return {"writer": Script(rules=(done, begin))}


@asynccontextmanager
async def office(path, *, clock=None, delay_s=0.0, world=None, workspaces=None, **scripted):
    """An app on a database, as a process of its own would have it."""
    store = await SqliteEventStore.open(path)
    app = rig(
        ScriptedProvider(script(delay_s), **scripted),
        world=world,
        workspaces=workspaces,
        store=store,
        records=store.records,
        limiter=store.limiter,
        clock=clock or PatientClock(),
        registry=FixedRegistry({"writer": WRITER}),
    )
    try:
        yield app
    finally:
        await app.close()


async def with_tasks(app, count, *extra, at_once=100):
    await create_space(app, ROOT, NewSpace("shop", "Shop", "SHOP", "", "/repository", "flow"))
    await change_space(app, ROOT, "shop", at_once=at_once)
    await apply_workflow(app, ROOT, flow(*extra))
    for number in range(count):
        task = await create_task(app, ROOT, "shop", NewTask(f"Task {number}"))
        await queue_task(app, ROOT, task.key)


async def test_two_workers_on_one_database_begin_each_task_once(tmp_path):
    path = tmp_path / "callboard.db"
    async with office(path) as here, office(path) as there:
        await with_tasks(here, 12)
        first, second = Worker(here), Worker(there)
        await asyncio.gather(first.idle(), second.idle())
        await asyncio.gather(first.idle(), second.idle())
        views = await list_tasks(here, ROOT)
        assert {view.task.state for view in views} == {"done"}
        rows = await here.ports.store.rows(RunsWanted(limit=100))
        assert sorted(row.run_id for row in rows) == sorted(
            f"SHOP-{number}-1" for number in range(1, 13)
        )
        for row in rows:
            assert (await verify_run(here, ROOT, row.run_id)).problems == ()


async def test_what_a_worker_leaves_under_way_is_taken_up_by_the_next(tmp_path):
    path, held = tmp_path / "callboard.db", asyncio.Event()

    async def for_ever(_seconds):
        held.set()
        await asyncio.Event().wait()

    world = World()
    async with office(path, delay_s=1, sleep=for_ever, world=world) as here:
        await with_tasks(here, 1)
        worker = Worker(here)
        await worker.start()
        await asyncio.wait_for(held.wait(), 60)
        await worker.stop(grace_s=0)
    async with office(path, world=world) as there:
        assert (await show_task(there, ROOT, "SHOP-1")).task.state == "under_way"
        await Worker(there).idle()
        assert (await show_task(there, ROOT, "SHOP-1")).task.state == "done"


async def test_a_task_that_was_claimed_and_never_begun_is_begun(tmp_path):
    async with office(tmp_path / "callboard.db") as app:
        await with_tasks(app, 1)
        kept = await app.records.get(TASKS, "SHOP-1")
        assert kept is not None
        assert await begin(app, kept) is not None  # and the process dies here
        await Worker(app).idle()
        assert (await show_task(app, ROOT, "SHOP-1")).task.state == "done"


async def test_a_worker_at_work_begins_what_another_claimed_and_never_began(tmp_path):
    async with office(tmp_path / "callboard.db") as app:
        await with_tasks(app, 1)
        kept = await app.records.get(TASKS, "SHOP-1")
        assert kept is not None
        assert await begin(app, kept) is not None  # and the process dies here
        worker, ended = Worker(app, every_s=0.02, sweep_s=0.05), asyncio.Event()

        def watch(recorded, _sealed):
            if (recorded.run_id, recorded.event.type) == ("SHOP-1-1", "run.completed"):
                ended.set()

        with app.ports.live.watching(watch):
            await worker.start()
            await asyncio.wait_for(ended.wait(), 60)
            await worker.stop()


async def test_a_run_that_a_living_process_is_about_to_make_is_made_by_another_once_that_is_dead(
    tmp_path,
):
    path, held = tmp_path / "callboard.db", asyncio.Event()

    class Slow(WorldWorkspaces):
        async def clone(self, repository, commit, destination):
            held.set()
            await asyncio.Event().wait()

    async with office(path) as app, office(path, workspaces=Slow(World())) as dying:
        await with_tasks(app, 1)
        first = Worker(dying)
        await first.start()
        await asyncio.wait_for(held.wait(), 60)
        await Worker(app).idle()
        assert await app.ports.store.row("SHOP-1-1") is None
        assert await list_limits(app, ROOT) == []
        await dying.ports.store.close()
        await app.ports.clock.sleep(10)
        await Worker(app).idle()
        assert (await show_task(app, ROOT, "SHOP-1")).task.state == "done"
        await first.stop(grace_s=0)


async def test_a_decision_wakes_the_worker_of_the_same_process(tmp_path):
    async with office(tmp_path / "callboard.db") as app:
        await with_tasks(app, 1, SIGN)
        waits, ended = asyncio.Event(), asyncio.Event()

        def watch(recorded, _sealed):
            if recorded.event.type == "gate.opened":
                waits.set()
            if (recorded.run_id, recorded.event.type) == ("SHOP-1-1", "run.completed"):
                ended.set()

        worker = Worker(app, every_s=3600)
        with app.ports.live.watching(watch):
            await worker.start()
            await asyncio.wait_for(waits.wait(), 60)
            async with asyncio.timeout(60):  # its driver lets go of it a moment later
                while "SHOP-1-1" not in await app.ports.store.unfinished():
                    pass
            gate = await open_gate(app, ROOT, "SHOP-1-1")
            await decide(app, "SHOP-1-1", "approve", gate.gate.digest)
            await asyncio.wait_for(ended.wait(), 60)
            await worker.stop()


async def test_what_another_process_writes_wakes_a_worker_whose_next_look_is_an_hour_away(tmp_path):
    path, ended = tmp_path / "callboard.db", asyncio.Event()
    async with office(path) as here, office(path) as there:

        def watch(recorded, _sealed):
            if (recorded.run_id, recorded.event.type) == ("SHOP-1-1", "run.completed"):
                ended.set()

        worker = Worker(there, every_s=3600)
        with there.ports.live.watching(watch):
            await worker.start()
            await with_tasks(here, 1)
            await asyncio.wait_for(ended.wait(), 60)
            await worker.stop()


async def test_a_worker_that_ends_lets_no_run_take_another_step(tmp_path):
    path, held, go_on = tmp_path / "callboard.db", asyncio.Event(), asyncio.Event()

    async def for_a_while(_seconds):
        held.set()
        await go_on.wait()

    world = World()
    async with office(path, delay_s=1, sleep=for_a_while, world=world) as here:
        await with_tasks(here, 1)
        worker = Worker(here)
        await worker.start()
        await asyncio.wait_for(held.wait(), 60)
        ending = asyncio.create_task(worker.stop(grace_s=20))
        await asyncio.sleep(0)
        go_on.set()
        await ending
        [child] = await here.ports.store.children("SHOP-1-1")
        types = [
            b'"model_call.completed"' in event.body
            for event in await here.ports.store.read(child.run_id)
        ]
        assert sum(types) == 1
    async with office(path, world=world) as there:
        await Worker(there).idle()
        assert (await show_task(there, ROOT, "SHOP-1")).task.state == "done"


async def test_a_fault_of_ours_in_one_task_is_logged_and_stops_no_other(tmp_path, caplog):
    class Broken(ScriptedProvider):
        async def complete(self, request, on_delta):
            if request.conversation.startswith("SHOP-1-"):
                raise ZeroDivisionError("ours")
            return await super().complete(request, on_delta)

    store = await SqliteEventStore.open(tmp_path / "callboard.db")
    registry = FixedRegistry({"writer": WRITER})
    app = rig(Broken(script()), store=store, records=store.records, registry=registry)
    await with_tasks(app, 2)
    await Worker(app).idle()
    assert (await show_task(app, ROOT, "SHOP-1")).task.state == "under_way"
    assert (await show_task(app, ROOT, "SHOP-2")).task.state == "done"
    assert "SHOP-1-1" in caplog.text
    await app.close()


class Barred:
    """Records that nobody may look up any more."""

    def __init__(self, records):
        self._records = records

    def __getattr__(self, name):
        return getattr(self._records, name)

    async def get(self, kind, key):
        raise ConfigurationInvalid("the database lets nobody in")


async def test_a_database_that_lets_nobody_in_any_more_is_said_without_a_traceback(
    tmp_path, caplog
):
    async with office(tmp_path / "callboard.db") as app:
        await with_tasks(app, 1)
        with pytest.raises(ConfigurationInvalid):
            await Worker(replace(app, records=Barred(app.records))).idle()
    assert "run SHOP-1-1 is left as it is" in caplog.text
    assert [record.exc_info for record in caplog.records] == [None]


async def decide(app, run_id, verdict, digest):
    return await record_decision(app, ROOT, run_id, Decision(verdict), digest=digest)


async def test_of_two_decisions_at_one_moment_one_counts(tmp_path):
    path = tmp_path / "callboard.db"
    async with office(path) as here, office(path) as there:
        await with_tasks(here, 1, SIGN)
        await Worker(here).idle()
        gate = await open_gate(here, ROOT, "SHOP-1-1")
        said = await asyncio.gather(
            decide(here, "SHOP-1-1", "approve", gate.gate.digest),
            decide(there, "SHOP-1-1", "reject", gate.gate.digest),
            return_exceptions=True,
        )
        refused = [one for one in said if isinstance(one, Exception)]
        assert len(refused) == 1, said
        await Worker(here).idle()
        log = await here.ports.store.read("SHOP-1-1")
        assert sum(b'"gate.decided"' in event.body for event in log) == 1


async def test_nobody_approves_what_was_cancelled(tmp_path):
    async with office(tmp_path / "callboard.db") as app:
        await with_tasks(app, 1, SIGN)
        await Worker(app).idle()
        gate = await open_gate(app, ROOT, "SHOP-1-1")
        await cancel_task(app, ROOT, "SHOP-1")
        with pytest.raises(UnknownThing):
            await decide(app, "SHOP-1-1", "approve", gate.gate.digest)
        with pytest.raises(ConfigurationInvalid, match="cancelled already"):
            await cancel_task(app, ROOT, "SHOP-1")


async def test_a_worker_that_is_woken_begins_at_once(tmp_path):
    async with office(tmp_path / "callboard.db") as app:
        await with_tasks(app, 0)
        worker, ended = Worker(app, every_s=3600), asyncio.Event()

        def watch(recorded, _sealed):
            if (recorded.run_id, recorded.event.type) == ("SHOP-1-1", "run.completed"):
                ended.set()

        with app.ports.live.watching(watch):
            await worker.start()
            task = await create_task(app, ROOT, "shop", NewTask("Later"))
            await queue_task(app, ROOT, task.key)
            worker.wake()
            await asyncio.wait_for(ended.wait(), 60)
            await worker.stop()

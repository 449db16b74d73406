"""What Prometheus reads: counts that follow from events, without anything that names a run or a person."""

import asyncio
from decimal import Decimal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.permissions import PermissionRule
from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import as_owner
from callboard.domain.usage import Usage
from callboard.engine.pacing import Limit
from callboard.telemetry.labels import OTHER, Few
from callboard.telemetry.listener import Listener
from callboard.telemetry.monitoring import Monitoring
from callboard.testing.model import Script, ScriptedCall, ScriptedError, ScriptedProvider, Turn
from callboard.testing.rig import rig
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.world import World
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.start_run import StartRun, start_run

pytestmark = pytest.mark.anyio
ANN = as_owner(Actor(kind="person", name="ann-the-owner"))
BEN = as_owner(Actor(kind="person", name="ben"))


def agent(id_, *tools, **fields):
    plain = {"id": id_, "display_name": id_, "model": f"scripted/{id_}", "tool_names": tools}
    return AgentDefinition.model_validate(plain | fields)


def call(tool, **arguments):
    return ScriptedCall.model_validate({"tool": tool, "arguments": arguments})


def monitoring(app):
    live = app.ports.live
    return Monitoring(
        version="9.9",
        store=app.ports.store,
        operations=app.operations,
        limiter=app.ports.slots.limiter,
        watching=live.watching,
        timing=live.timing,
    )


class Numbers:
    """A scrape: a value by the name of its sample and its labels."""

    def __init__(self, text):
        self.text = text.decode()
        self.found = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    def __call__(self, name, **labels):
        return self.found.get((f"callboard_{name}", frozenset(labels.items())))


async def scraped(*agents, asking=None, **scripts):
    """Run agents side by side, and return what is counted afterwards."""
    provider = ScriptedProvider({name: Script(turns=tuple(of)) for name, of in scripts.items()})
    app = rig(provider, *agents, world=World({"a": "1"}))
    counting = monitoring(app)
    await counting.start()
    try:
        for one in agents:
            await start_run(app, ANN, StartRun(f"run-of-{one.id}", one.id, "/w", "secret words"))
        if asking is not None:
            await asking(app)
        await asyncio.sleep(0)  # a store in memory is so quick that nobody else had a turn yet
        return Numbers(await counting.text())
    finally:
        await counting.stop()
        await app.close()


async def test_runs_calls_tokens_and_money_are_counted():
    usage = Usage(input_tokens=100, output_tokens=7, cache_read_tokens=60, reasoning_tokens=3)
    found = await scraped(
        agent("one", "look"),
        agent("two"),
        one=[
            Turn(calls=(call("look", path="a"),), usage=usage, cost_usd=Decimal("0.5")),
            Turn(text="done", usage=usage, cost_usd=Decimal("0.25")),
        ],
        two=[Turn(error=ScriptedError(reason="unauthorized"))],
    )
    of_one = {"provider": "scripted", "model": "scripted/one"}
    assert found("runs_started_total", kind="agent") == 2
    assert found("runs_ended_total", kind="agent", outcome="completed") == 1
    assert found("runs_ended_total", kind="agent", outcome="failed") == 1
    assert found("turns_total") == 2
    assert found("model_call_duration_seconds_count", **of_one) == 2
    assert found("tokens_total", type="input", **of_one) == 200
    assert found("tokens_total", type="output", **of_one) == 14
    assert found("tokens_total", type="cache_read", **of_one) == 120
    assert found("tokens_total", type="reasoning", **of_one) == 6
    assert found("cost_usd_total", **of_one) == 0.75
    assert found("tool_calls_total", tool="look", outcome="done") == 1
    of_two = {"provider": "scripted", "model": "scripted/two"}
    assert found("model_call_failures_total", reason="unauthorized", **of_two) == 1
    assert found("store_append_seconds_count")
    assert found("info", version="9.9") == 1


async def test_a_cost_that_nobody_knows_is_not_counted_as_nothing():
    found = await scraped(agent("one"), one=[Turn(text="done", cost_usd=None)])
    of_one = {"provider": "scripted", "model": "scripted/one"}
    assert found("calls_of_unknown_cost_total", **of_one) == 1
    assert found("cost_usd_total", **of_one) is None


async def test_tools_that_a_model_thinks_of_do_not_become_labels():
    calls = tuple(call(f"no_such_tool_{n}") for n in range(30))
    found = await scraped(agent("one", "look"), one=[Turn(calls=calls), Turn(text="done")])
    assert found("tool_calls_total", tool="other", outcome="refused_unknown_tool") == 30
    assert "no_such_tool" not in found.text


async def test_gates_are_counted_and_who_waits_is_seen():
    asks = agent("one", "pay", permissions=(PermissionRule(tool="pay", effect="ask"),))
    turns = [Turn(calls=(call("pay", path="a", text="x"),)), Turn(text="done")]
    waiting: list[Numbers] = []

    async def decide(app):
        counting = monitoring(app)
        waiting.append(Numbers(await counting.text()))
        gate = await open_gate(app, BEN, "run-of-one")
        await decide_gate(app, BEN, "run-of-one", Decision("approve"), digest=gate.gate.digest)

    found = await scraped(asks, asking=decide, one=turns)
    assert waiting[0]("runs_waiting_for_people") == 1
    assert waiting[0]("runs_open", kind="agent", status="waiting") == 1
    assert found("gates_opened_total", reason="approval_required") == 1
    assert found("gates_decided_total", verdict="approve") == 1
    assert (found("runs_taken_up_total"), found("runs_taken_over_total")) == (1, 0)
    assert found("runs_waiting_for_people") == 0
    assert found("database_up") == 1


async def test_limits_are_seen():
    async def limited(app):
        limiter = app.ports.slots.limiter
        await limiter.set_limit(Limit("provider:scripted", at_once=4))

    found = await scraped(agent("one"), asking=limited, one=[Turn(text="done")])
    assert found("limit_at_once", limit="provider:scripted") == 4
    assert found("limit_in_use", limit="provider:scripted") == 0


async def test_nothing_names_a_run_a_person_or_what_was_said():
    found = await scraped(agent("one"), one=[Turn(text="done with it")])
    for word in ("run-of-one", "ann-the-owner", "secret words", "done with it", "/w"):
        assert word not in found.text


async def test_a_database_that_is_gone_is_said_to_be_so_and_the_rest_is_still_told(monkeypatch):
    class Gone:
        async def load(self):
            raise CallboardError("gone")

        async def check(self):
            raise CallboardError("gone")

        async def examine(self, now):
            raise CallboardError("gone")

    app = rig(ScriptedProvider({}))
    live = app.ports.live
    limiter, store = app.ports.slots.limiter, app.ports.store
    counting = Monitoring(
        version="1", store=store, operations=Gone(), limiter=limiter,
        watching=live.watching, timing=live.timing,
    )  # fmt: skip
    found = Numbers(await counting.text())
    assert found("database_up") == 0
    assert found("turns_total") == 0
    await app.close()


def test_of_many_values_all_but_the_first_are_one():
    few = Few(3)
    assert [few(value) for value in "abcdabc"] == ["a", "b", "c", OTHER, "a", "b", "c"]
    assert few("") == OTHER


class Ear:
    """Notes what it hears."""

    def __init__(self, fault=None):
        self.heard_of = []
        self.fault = fault

    def heard(self, facts, recorded):
        if self.fault is not None:
            raise self.fault
        self.heard_of.append((facts.agent, facts.model, recorded.event.type))


async def test_of_a_run_that_another_process_began_everything_is_known_too():
    disk = MemoryDisk()
    turns = [Turn(calls=(call("pay", path="a", text="x"),)), Turn(text="done")]
    asks = agent("one", "pay", permissions=(PermissionRule(tool="pay", effect="ask"),))
    first = rig(
        ScriptedProvider({"one": Script(turns=tuple(turns))}), asks, store=MemoryEventStore(disk)
    )
    await start_run(first, ANN, StartRun("r", "one", "/w", "go"))
    await first.close()
    second = rig(
        ScriptedProvider({"one": Script(turns=tuple(turns))}), asks, store=MemoryEventStore(disk)
    )
    ear = Ear()
    listener = Listener(second.ports.store, [ear])
    with second.ports.live.watching(listener.heard):
        gate = await open_gate(second, BEN, "r")
        await decide_gate(second, BEN, "r", Decision("approve"), digest=gate.gate.digest)
        for _ in range(20):
            await asyncio.sleep(0)
    assert {(name, model) for name, model, _ in ear.heard_of} == {("one", "scripted/one")}
    assert [kind for *_, kind in ear.heard_of][-1] == "run.completed"
    assert "model_call.completed" in [kind for *_, kind in ear.heard_of]
    assert listener.lost == 0
    await listener.close()
    await second.close()


async def test_whoever_counts_cannot_disturb_a_run():
    app = rig(ScriptedProvider({"one": Script(turns=(Turn(text="done"),))}), agent("one"))
    listener = Listener(app.ports.store, [Ear(fault=ZeroDivisionError())])
    with app.ports.live.watching(listener.heard):
        ended = await start_run(app, ANN, StartRun("r", "one", "/w", "go"))
    assert ended.terminal is not None
    assert ended.terminal.type == "run.completed"
    assert listener.lost > 0
    await app.close()


async def test_a_run_whose_process_died_in_the_middle_is_counted_as_taken_over():
    disk, held = MemoryDisk(), asyncio.Event()

    class Held(ScriptedProvider):
        async def complete(self, request, on_delta):
            held.set()
            await asyncio.Event().wait()
            return await super().complete(request, on_delta)

    first = rig(Held({}), agent("one"), store=MemoryEventStore(disk))
    driving = asyncio.create_task(start_run(first, ANN, StartRun("r", "one", "/w", "go")))
    await held.wait()
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)
    await first.close()
    turns = Script(turns=(Turn(text="done"),))
    second = rig(ScriptedProvider({"one": turns}), agent("one"), store=MemoryEventStore(disk))
    counting = monitoring(second)
    await counting.start()
    await second.driver.drive("r")
    for _ in range(20):
        await asyncio.sleep(0)
    found = Numbers(await counting.text())
    assert (found("runs_taken_up_total"), found("runs_taken_over_total")) == (1, 1)
    await counting.stop()
    await second.close()

"""Waiting for people, ending early, and runs below runs."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import Limits
from callboard.domain.errors import Fenced, RunBusy, StoreUnavailable
from callboard.domain.events.codec import Blob, Sealed
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.org.principal import as_owner
from callboard.domain.run_row import RunRow
from callboard.domain.usage import usd
from callboard.ports.event_store import Claim
from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta
from callboard.runtime.children import Ended
from callboard.testing.clock import PatientClock
from callboard.testing.model import Turn
from callboard.testing.rig import ANN, rig
from callboard.testing.store.crashing import CrashingStore
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.world import World
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.fork_run import ForkRun, fork_run
from callboard.usecases.gates import list_gates, open_gate
from callboard.usecases.runs import cancel_run, list_runs, resume_run, show_run
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.verify_run import verify_run

from .script import agent, call, says

pytestmark = pytest.mark.anyio

ASK = [{"effect": "ask", "tool": "pay"}]


async def run(app: App, agent_id: str = "a", **limits: object) -> Ended:
    wish = StartRun("r", agent_id, "/w", "go", limits=Limits.model_validate(limits))
    return await start_run(app, as_owner(ANN), wish)


def value(ended: Ended) -> object:
    assert ended.terminal is not None
    return ended.terminal.output.model_dump().get("value")


def paying(*turns: Turn, **fields: object) -> tuple[App, World]:
    world = World()
    told = turns or (Turn(calls=(call("pay", path="bill", text="$"),)), Turn(text="ok"))
    provider = says(a=list(told))
    return rig(provider, agent("a", "pay", "look", **fields), world=world), world


class HangingProvider:
    """A model that never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_call_that_must_be_asked_for_waits_and_runs_after_the_approval():
    app, world = paying(permissions=ASK)
    ended = await run(app)
    assert ended.terminal is None
    assert world.files == {}
    gate = await open_gate(app, as_owner(ANN), "r")
    assert "pay" in gate.gate.question
    ended = await decide_gate(app, as_owner(ANN), "r", Decision("approve"), digest=gate.gate.digest)
    assert world.files == {"bill": "$"}
    assert value(ended) == "ok"


async def test_a_rejected_call_is_not_made_and_the_model_reads_why():
    app, world = paying(permissions=ASK)
    await run(app)
    gate = await open_gate(app, as_owner(ANN), "r")
    await decide_gate(
        app, as_owner(ANN), "r", Decision("reject", note="too dear"), digest=gate.gate.digest
    )
    assert world.files == {}
    shown = b"".join(sealed.body for sealed in (await show_run(app, as_owner(ANN), "r")).sealed)
    assert b"ann rejected this call of pay: too dear" in shown


async def test_an_agent_never_decides():
    app, _ = paying(permissions=ASK)
    await run(app)
    gate = await open_gate(app, as_owner(ANN), "r")
    with pytest.raises(NotAllowed):
        await decide_gate(
            app,
            as_owner(Actor(kind="agent", name="a")),
            "r",
            Decision("approve"),
            digest=gate.gate.digest,
        )


async def test_a_decision_on_something_else_than_what_waits_is_refused():
    app, world = paying(permissions=ASK)
    await run(app)
    with pytest.raises(Exception, match="changed since"):
        await decide_gate(app, as_owner(ANN), "r", Decision("approve"), digest="0" * 64)
    assert world.files == {}


async def test_an_approval_counts_once():
    pay = Turn(calls=(call("pay", path="bill", text="$"),))
    app, world = paying(pay, pay, Turn(text="ok"), permissions=ASK)
    await run(app)
    gate = await open_gate(app, as_owner(ANN), "r")
    ended = await decide_gate(app, as_owner(ANN), "r", Decision("approve"), digest=gate.gate.digest)
    assert ended.terminal is None, "the second call waits for a decision of its own"
    assert world.files == {"bill": "$"}


@pytest.mark.parametrize("order", [1, -1])
async def test_deny_wins_whatever_the_order(order: int):
    rules = [{"effect": "allow", "tool": "pay"}, {"effect": "deny", "tool": "p*"}][::order]
    app, world = paying(permissions=rules)
    assert value(await run(app)) == "ok"
    assert world.files == {}


async def test_a_child_that_waits_makes_its_parent_wait_and_the_decision_drives_the_whole_tree_on():
    world = World()
    provider = says(
        lead=[Turn(calls=(call("spawn_agents", agents=[{"agent_type": "a"}]),)), Turn(text="all")],
        a=[Turn(calls=(call("pay", path="bill", text="$"),)), Turn(text="paid")],
    )
    lead = agent("lead", "spawn_agents", spawnable_agents=["a"])
    app = rig(provider, lead, agent("a", "pay", permissions=ASK), world=world)
    ended = await run(app, "lead")
    assert ended.terminal is None
    assert (await list_runs(app, as_owner(ANN)))[0].status == "waiting"
    gates = await list_gates(app, as_owner(ANN))
    assert len(gates) == 1
    ended = await decide_gate(
        app, as_owner(ANN), gates[0].row.run_id, Decision("approve"), digest=gates[0].gate.digest
    )
    assert value(ended) == "all"
    assert world.files == {"bill": "$"}


class TakenOver(CrashingStore):
    """A store over which another process takes the run `r` as soon as a run below it was created."""

    async def create(
        self, events: Sequence[Sealed], row: RunRow, blobs: Sequence[Blob] = ()
    ) -> Claim:
        claim = await super().create(events, row, blobs)
        if row.parent_id is not None:
            disk = cast("MemoryEventStore", self.inner).disk
            disk.runs["r"].owner = None
            await MemoryEventStore(disk).claim("r")
        return claim


async def test_whoever_lost_a_run_begins_nothing_below_it_and_leaves_that_to_who_has_it():
    provider = says(
        lead=[Turn(calls=(call("spawn_agents", agents=[{"agent_type": "a"}]),))],
        a=[Turn(text="never asked")],
    )
    lead, disk = agent("lead", "spawn_agents", spawnable_agents=["a"]), MemoryDisk()
    app = rig(provider, lead, agent("a"), store=TakenOver(MemoryEventStore(disk)))
    with pytest.raises(Fenced):
        await run(app, "lead")
    (child,) = await app.ports.store.children("r")
    assert len(await app.ports.store.read(child.run_id)) == 1
    assert (await MemoryEventStore(disk).claim(child.run_id)).epoch == 2


class TakenOverBelow(CrashingStore):
    """A store over which another process takes the run `r` just before a run is claimed as one below it."""

    async def claim(self, run_id: str, above: Claim | None = None) -> Claim:
        if above is not None:
            disk = cast("MemoryEventStore", self.inner).disk
            disk.runs["r"].owner = None
            await MemoryEventStore(disk).claim("r")
        return await super().claim(run_id, above)


async def test_whoever_lost_a_run_goes_on_with_nothing_below_it():
    provider = says(
        lead=[Turn(calls=(call("spawn_agents", agents=[{"agent_type": "a"}]),))],
        a=[Turn(calls=(call("pay", path="bill", text="$"),))],
    )
    agents = (
        agent("lead", "spawn_agents", spawnable_agents=["a"]),
        agent("a", "pay", permissions=ASK),
    )
    world, disk = World(), MemoryDisk()
    app = rig(provider, *agents, store=TakenOverBelow(MemoryEventStore(disk)), world=world)
    await run(app, "lead")
    (gate,) = await list_gates(app, as_owner(ANN))
    with pytest.raises(Fenced):
        await decide_gate(
            app, as_owner(ANN), gate.row.run_id, Decision("approve"), digest=gate.gate.digest
        )
    assert world.files == {}
    (child,) = await app.ports.store.children("r")
    assert (await MemoryEventStore(disk).claim(child.run_id)).epoch == 3, (
        "the second was for the decision"
    )


class AwayAtTheEnd(TakenOver):
    """The same, and away whenever a run below another one is given back."""

    def __init__(self, inner: MemoryEventStore) -> None:
        super().__init__(inner)
        self.given_back: list[str] = []

    async def release(self, claim: Claim) -> None:
        await super().release(claim)
        self.given_back.append(claim.run_id)
        if claim.run_id != "r":
            raise StoreUnavailable("away")


async def test_a_run_is_given_back_although_one_below_it_cannot_be():
    provider = says(lead=[Turn(calls=(call("spawn_agents", agents=[{"agent_type": "a"}]),))])
    lead = agent("lead", "spawn_agents", spawnable_agents=["a"])
    store = AwayAtTheEnd(MemoryEventStore(MemoryDisk()))
    with pytest.raises(StoreUnavailable):
        await run(rig(provider, lead, agent("a"), store=store), "lead")
    assert len(store.given_back) == 2
    assert store.given_back[-1] == "r"


async def test_a_parents_rules_bind_its_children():
    world = World()
    provider = says(
        lead=[Turn(calls=(call("spawn_agents", agents=[{"agent_type": "a"}]),)), Turn(text="all")],
        a=[Turn(calls=(call("pay", path="bill", text="$"),)), Turn(text="could not")],
    )
    lead = agent(
        "lead",
        "spawn_agents",
        spawnable_agents=["a"],
        permissions=[{"effect": "deny", "tool": "pay"}],
    )
    assert value(await run(rig(provider, lead, agent("a", "pay"), world=world), "lead")) == "all"
    assert world.files == {}


async def test_children_share_what_is_left_of_the_budget_and_their_cost_is_the_parents():
    spend = [Turn(calls=(call("look", path="x"),), cost_usd=usd("0.1")) for _ in range(20)]
    both = [{"agent_type": "a"}, {"agent_type": "a"}]
    provider = says(
        lead=[Turn(calls=(call("spawn_agents", agents=both),)), Turn(text="all")], a=spend
    )
    app = rig(provider, agent("lead", "spawn_agents", spawnable_agents=["a"]), agent("a", "look"))
    ended = await run(app, "lead", cost_usd="1")
    assert ended.bill.known_usd == usd(1)


async def test_depth_is_limited():
    again = [{"agent_type": "a"}]
    spawn = Turn(calls=(call("spawn_agents", agents=again),))
    app = rig(says(a=[spawn, Turn(text="end")]), agent("a", "spawn_agents", spawnable_agents=["a"]))
    ended = await run(app, depth=2)
    assert value(ended) == "end"
    shown = (await show_run(app, as_owner(ANN), "r")).events
    assert len({entry.run_id for entry in shown}) == 3
    assert any("depth limit" in str(entry.event) for entry in shown)


async def test_a_childs_input_is_checked_and_an_unknown_child_is_an_entry_of_the_result():
    wishes = [{"agent_type": "strict", "params": {}}, {"agent_type": "ghost"}]
    provider = says(
        lead=[Turn(calls=(call("spawn_agents", agents=wishes),)), Turn(text="ok")], strict=[]
    )
    strict = agent("strict", input_schema={"params": {"type": "object", "required": ["file"]}})
    lead = agent("lead", "spawn_agents", spawnable_agents=["strict", "ghost"])
    app = rig(provider, lead, strict)
    assert value(await run(app, "lead")) == "ok"
    result = provider.requests[1].messages[-1].model_dump_json()
    assert "Invalid params for agent strict" in result
    assert "Agent type ghost not found" in result


async def test_a_child_sees_the_conversation_only_if_it_asks_for_it():
    provider = says(
        lead=[
            Turn(text="Let me ask.", calls=(call("spawn_agents", agents=[{"agent_type": "a"}]),)),
            Turn(text="ok"),
        ],
        a=[Turn(text="x")] * 3,
    )
    lead = agent("lead", "spawn_agents", spawnable_agents=["a"])
    app = rig(provider, lead, agent("a", include_message_history=True))
    await run(app, "lead")
    seen = [(m.role, m.text) for m in provider.calls[1].request.messages]
    assert seen[0] == ("user", "<user_message>go</user_message>")
    assert seen[-2] == ("assistant", "Let me ask.")
    assert seen[-1] == ("user", "<system>Continue from where you left off.</system>")


async def test_a_cancelled_run_ends_cleanly_in_the_middle_of_a_model_call():
    provider = HangingProvider()
    app = rig(provider, agent("a"))
    task = asyncio.create_task(run(app))
    async with asyncio.timeout(60):
        await provider.asked.wait()
        assert app.driver.cancel("r", ANN, "enough")
        ended = await task
    assert ended.terminal is not None
    assert ended.terminal.type == "run.cancelled"
    assert (await verify_run(app, as_owner(ANN), "r")).problems == ()


async def test_children_are_cancelled_before_their_parent():
    class Mixed(HangingProvider):
        async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
            if request.conversation == "r":
                return await lead_script.complete(request, on_delta)
            return await super().complete(request, on_delta)

    two = [{"agent_type": "a"}, {"agent_type": "a"}]
    lead_script = says(lead=[Turn(calls=(call("spawn_agents", agents=two),))])
    provider = Mixed()
    app = rig(provider, agent("lead", "spawn_agents", spawnable_agents=["a"]), agent("a"))
    task = asyncio.create_task(run(app, "lead"))
    async with asyncio.timeout(60):
        await provider.asked.wait()
        app.driver.cancel("r", ANN)
        await task
    ends = [
        e
        for e in (await show_run(app, as_owner(ANN), "r")).events
        if e.event.type == "run.cancelled"
    ]
    assert len(ends) == 3
    assert ends[-1].run_id == "r"


async def test_a_run_of_another_process_is_cancelled_through_the_store():
    disk = MemoryDisk()
    provider = HangingProvider()
    theirs = rig(provider, agent("a"), store=MemoryEventStore(disk))
    mine = rig(provider, agent("a"), store=MemoryEventStore(disk), clock=PatientClock())
    task = asyncio.create_task(run(theirs))
    async with asyncio.timeout(60):
        await provider.asked.wait()
        with pytest.raises(RunBusy):
            await resume_run(mine, as_owner(ANN), "r")
        ended = await cancel_run(mine, as_owner(ANN), "r")
        await task
    assert ended.terminal is not None
    assert ended.terminal.type == "run.cancelled"


async def test_a_waiting_run_can_be_cancelled():
    app, world = paying(permissions=ASK)
    await run(app)
    ended = await cancel_run(app, as_owner(ANN), "r")
    assert ended.terminal is not None
    assert ended.terminal.type == "run.cancelled"
    assert world.files == {}


async def test_a_finished_run_is_left_alone_by_resume_and_cancel():
    app, world = paying()
    await run(app)
    before = (await show_run(app, as_owner(ANN), "r")).sealed
    done = list(world.ledger)
    await resume_run(app, as_owner(ANN), "r")
    await cancel_run(app, as_owner(ANN), "r")
    assert (await show_run(app, as_owner(ANN), "r")).sealed == before
    assert world.ledger == done


async def test_a_fork_at_every_position_runs_to_the_same_end_and_leaves_the_old_log_alone():
    provider = says(
        a=[
            Turn(calls=(call("look", path="x"),)),
            Turn(calls=(call("spawn_agents", agents=[{"agent_type": "b"}]),)),
            Turn(text="end"),
        ],
        b=[Turn(text="child")],
    )
    app = rig(provider, agent("a", "look", "spawn_agents", spawnable_agents=["b"]), agent("b"))
    await run(app)
    old = (await show_run(app, as_owner(ANN), "r")).sealed
    own = [sealed for sealed in old if sealed.run_id == "r"]
    for at in range(1, len(own)):
        await fork_run(app, as_owner(ANN), ForkRun("r", at, f"fork{at}"))
        ended = await resume_run(app, as_owner(ANN), f"fork{at}")
        assert value(ended) == "end"
        assert (await verify_run(app, as_owner(ANN), f"fork{at}")).problems == ()
    assert (await show_run(app, as_owner(ANN), "r")).sealed == old
    first = (await show_run(app, as_owner(ANN), "fork3")).events[0].event
    assert isinstance(first, RunCreated)
    assert isinstance(first.subject, AgentSubject)
    assert first.forked_from == "r@3"

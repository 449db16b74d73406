"""Approvals: what is asked, of whom, until when, and what a decision is good for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from callboard.domain.actor import Actor
from callboard.domain.definition.permissions import PermissionRule
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.gate import ApprovalGiven, GateDecided, GateExpired, GateWithdrawn
from callboard.domain.org.principal import as_owner
from callboard.domain.policy import PolicyLayer
from callboard.runtime.children import Ended
from callboard.runtime.reading import load
from callboard.testing.clock import PatientClock
from callboard.testing.model import ScriptedProvider, Turn
from callboard.testing.rig import ANN, BEN, rig
from callboard.testing.world import World
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.explain import explain_call
from callboard.usecases.fork_run import ForkRun, fork_run
from callboard.usecases.gates import OpenGate, list_gates, open_gate
from callboard.usecases.runs import resume_run
from callboard.usecases.start_run import StartRun, start_run

from .script import agent, call, says

pytestmark = pytest.mark.anyio

CID = Actor(kind="person", name="cid")
DAN = Actor(kind="person", name="dan")


@dataclass
class Rules:
    """Rules of the organisation that can change while runs wait."""

    layers_: tuple[PolicyLayer, ...] = ()

    async def layers(self, workspace: str) -> tuple[PolicyLayer, ...]:
        return self.layers_

    def set(self, *rules: Mapping[str, object]) -> None:
        made = tuple(PermissionRule.model_validate(rule) for rule in rules)
        self.layers_ = (PolicyLayer(level="organisation", name="policy.yaml", rules=made),)


@dataclass
class Desk:
    app: App
    world: World
    rules: Rules
    clock: PatientClock
    provider: ScriptedProvider

    async def start(self, actor: Actor = ANN) -> Ended:
        return await start_run(self.app, as_owner(actor), StartRun("r", "a", "/w", "go"))

    async def gate(self) -> OpenGate:
        return await open_gate(self.app, as_owner(ANN), "r")

    async def decide(self, actor: Actor, decision: Decision) -> Ended:
        gate = await self.gate()
        return await decide_gate(self.app, as_owner(actor), "r", decision, digest=gate.gate.digest)

    async def events(self, kind: type) -> list[object]:
        entries = await load(self.app.ports.store, "r")
        return [entry.event for entry in entries if isinstance(entry.event, kind)]

    def told(self) -> str:
        """What the model read last."""
        return str(self.provider.calls[-1].request.messages[-1].parts)


def desk(*permissions: Mapping[str, object], turns: list[Turn] | None = None) -> Desk:
    world, rules, clock = World(), Rules(), PatientClock()
    pay = Turn(calls=(call("pay", path="bill", text="$"),))
    provider = says(a=turns or [pay, Turn(text="ok")])
    worker = agent("a", "pay", "look", "fetch", permissions=list(permissions))
    app = rig(provider, worker, world=world, clock=clock, policies=rules)
    return Desk(app, world, rules, clock, provider)


def asking(**approvers: object) -> dict[str, object]:
    return {"effect": "ask", "tool": "pay", "approvers": approvers, "reason": "Money is dear."}


APPROVE = Decision("approve")


async def test_a_gate_says_what_is_asked_by_whom_why_at_what_cost_and_who_decides():
    here = desk(asking(count=2, people=["ben", "cid"], within_s=3600))
    await here.start()
    gate = (await here.gate()).gate
    assert (gate.tool, gate.arguments) == ("pay", {"path": "bill", "text": "$"})
    assert (gate.asked_by, gate.requested_by) == ("a", ANN)
    assert [(why.level, why.name, why.rule.tool) for why in gate.rules] == [("agent", "a", "pay")]
    assert "Money is dear." in gate.question
    assert gate.bill is not None
    assert gate.approvers is not None
    assert gate.approvers.people == ("ben", "cid")
    assert gate.deadline_at is not None
    assert gate.deadline_at - here.clock.now() <= timedelta(hours=1)


async def test_arguments_may_be_edited_and_all_three_versions_are_kept():
    here = desk(asking())
    await here.start()
    ended = await here.decide(BEN, Decision("approve", arguments={"path": "bill", "text": "¢"}))
    assert ended.terminal is not None
    assert here.world.files == {"bill": "¢"}
    (decided,) = await here.events(GateDecided)
    assert isinstance(decided, GateDecided)
    assert decided.arguments == {"path": "bill", "text": "¢"}
    assert "A person changed the arguments" in here.told()
    explained = await explain_call(here.app, as_owner(ANN), "r", "call_1_1")
    assert explained.call.arguments == {"path": "bill", "text": "¢"}
    assert explained.outcome == "completed"


async def test_edited_arguments_are_judged_by_the_rules_again():
    here = desk(asking(), {"effect": "deny", "tool": "pay", "arguments": {"path": "vault/**"}})
    await here.start()
    await here.decide(BEN, Decision("approve", arguments={"path": "vault/gold"}))
    assert here.world.files == {}
    assert "Not permitted" in here.told()


async def test_edited_arguments_must_fit_the_tool():
    here = desk(asking())
    await here.start()
    with pytest.raises(ConfigurationInvalid, match="do not fit pay"):
        await here.decide(BEN, Decision("approve", arguments={"path": 5}))


async def test_a_quorum_takes_different_people():
    here = desk(asking(count=2))
    await here.start()
    waiting = await here.decide(BEN, APPROVE)
    assert waiting.terminal is None
    assert here.world.files == {}
    assert [approval.actor for approval in (await here.gate()).approvals] == [BEN]
    with pytest.raises(NotAllowed, match="approved already"):
        await here.decide(BEN, APPROVE)
    ended = await here.decide(CID, APPROVE)
    assert ended.terminal is not None
    assert here.world.files == {"bill": "$"}


async def test_approvals_of_different_arguments_do_not_add_up():
    here = desk(asking(count=2))
    await here.start()
    await here.decide(BEN, APPROVE)
    edited = Decision("approve", arguments={"path": "bill", "text": "¢"})
    assert (await here.decide(CID, edited)).terminal is None
    assert (await here.decide(DAN, edited)).terminal is not None
    assert here.world.files == {"bill": "¢"}


async def test_one_rejection_is_enough_and_its_reason_goes_to_the_model():
    here = desk(asking(count=3))
    await here.start()
    await here.decide(BEN, APPROVE)
    ended = await here.decide(CID, Decision("reject", "not today"))
    assert ended.terminal is not None
    assert here.world.files == {}
    assert "cid rejected this call of pay: not today" in here.told()


@pytest.mark.parametrize(
    ("actor", "why"),
    [
        (ANN, "started this run"),
        (DAN, "not one of those who may approve: ben, cid"),
        (Actor(kind="agent", name="ben"), "may not"),
        (Actor(kind="integration", name="ben"), "may not"),
        (Actor(kind="schedule", name="ben"), "may not"),
        (Actor(kind="system", name="ben"), "may not"),
    ],
)
async def test_who_started_the_run_strangers_agents_and_services_never_count(actor, why):
    here = desk(asking(people=["ben", "cid"]))
    await here.start()
    with pytest.raises(NotAllowed, match=why):
        await here.decide(actor, APPROVE)
    assert here.world.files == {}
    assert await here.events(ApprovalGiven) == []


async def test_a_rule_that_names_nobody_may_be_satisfied_by_who_started_the_run():
    here = desk({"effect": "ask", "tool": "pay"})
    await here.start()
    assert (await here.decide(ANN, APPROVE)).terminal is not None


async def test_rules_of_several_layers_ask_for_all_that_each_of_them_asks():
    here = desk(asking(count=1, people=["ben", "cid", "dan"]))
    here.rules.set(asking(count=2, people=["cid", "dan", "eve"]))
    await here.start()
    gate = (await here.gate()).gate
    assert gate.approvers is not None
    assert (gate.approvers.count, gate.approvers.people) == (2, ("cid", "dan"))
    assert {why.level for why in gate.rules} == {"organisation", "agent"}


async def test_where_nobody_could_satisfy_all_rules_the_call_is_refused_at_once():
    here = desk(asking(people=["ben"]))
    here.rules.set(asking(people=["cid"]))
    ended = await here.start()
    assert ended.terminal is not None
    assert "nobody may approve it" in here.told()


async def test_after_its_deadline_a_gate_takes_no_approval_and_the_run_goes_on_without():
    here = desk(asking(within_s=60))
    await here.start()
    gate = await here.gate()
    here.clock.advance(61)
    with pytest.raises(ConfigurationInvalid, match="the time to decide was over"):
        await decide_gate(here.app, as_owner(BEN), "r", APPROVE, digest=gate.gate.digest)
    ended = await resume_run(here.app, as_owner(ANN), "r")
    assert ended.terminal is not None
    assert here.world.files == {}
    assert len(await here.events(GateExpired)) == 1
    assert "Nobody decided about this call in time" in here.told()


async def test_resuming_a_run_whose_gate_is_open_changes_nothing():
    here = desk(asking(within_s=60))
    await here.start()
    before = await load(here.app.ports.store, "r")
    assert (await resume_run(here.app, as_owner(ANN), "r")).terminal is None
    assert await load(here.app.ports.store, "r") == before


async def test_rules_that_change_while_a_run_waits_void_what_was_asked_under_the_old_ones():
    here = desk(asking())
    await here.start()
    gate = await here.gate()
    here.rules.set(asking(count=2))
    with pytest.raises(UnknownThing, match="its rules changed"):
        await decide_gate(here.app, as_owner(BEN), "r", APPROVE, digest=gate.gate.digest)
    assert here.world.files == {}
    await resume_run(here.app, as_owner(ANN), "r")
    assert len(await here.events(GateWithdrawn)) == 1
    again = (await here.gate()).gate
    assert again.digest != gate.gate.digest
    assert again.approvers is not None
    assert again.approvers.count == 2


async def test_a_rule_that_comes_to_deny_while_a_run_waits_denies():
    here = desk(asking())
    await here.start()
    here.rules.set({"effect": "deny", "tool": "pay"})
    ended = await resume_run(here.app, as_owner(ANN), "r")
    assert ended.terminal is not None
    assert here.world.files == {}
    assert "organisation (policy.yaml)" in here.told()


async def test_an_approval_does_not_hold_for_a_fork_of_the_run():
    here = desk(
        asking(), turns=[Turn(calls=(call("pay", path="bill", text="$"),)), Turn(text="ok")]
    )
    await here.start()
    await here.decide(BEN, APPROVE)
    entries = await load(here.app.ports.store, "r")
    decided = next(entry.seq for entry in entries if isinstance(entry.event, GateDecided))
    await fork_run(here.app, as_owner(ANN), ForkRun("r", decided, "f"))
    forked = await resume_run(here.app, as_owner(ANN), "f")
    assert forked.terminal is None, "the fork asks for an approval of its own"
    assert [entry for entry in here.world.ledger if "pay" in entry] == ["pay r call_1_1"]
    assert [gate.row.run_id for gate in await list_gates(here.app, as_owner(ANN))] == ["f"]


async def test_of_an_approval_and_a_rejection_at_once_one_wins():
    here = desk(asking())
    await here.start()
    digest = (await here.gate()).gate.digest
    await decide_gate(here.app, as_owner(BEN), "r", Decision("reject"), digest=digest)
    with pytest.raises(UnknownThing):
        await decide_gate(here.app, as_owner(CID), "r", APPROVE, digest=digest)
    assert here.world.files == {}
    assert len(await here.events(GateDecided)) == 1


FLOW = {"effect": "ask", "tool": "*", "after": ["untrusted"], "reach": "outside"}


async def test_a_call_that_reaches_outside_asks_once_untrusted_content_was_read():
    here = desk(FLOW, turns=[Turn(calls=(call("pay", path="bill", text="$"),)), Turn(text="ok")])
    assert (await here.start()).terminal is not None, "nothing was read before"
    assert here.world.files == {"bill": "$"}
    fetch = Turn(calls=(call("fetch", path="page"),))
    there = desk(FLOW, turns=[fetch, Turn(calls=(call("pay", path="bill"),)), Turn(text="ok")])
    assert (await there.start()).terminal is None
    assert there.world.files == {}
    explained = await explain_call(there.app, as_owner(ANN), "r", (await there.gate()).gate.subject)
    assert (explained.read, explained.outside, explained.effect) == (("web",), True, "ask")


async def test_calls_that_stay_inside_are_not_asked_about_whatever_was_read():
    look = Turn(calls=(call("look", path="x"),))
    here = desk(FLOW, turns=[look, look, Turn(text="ok")])
    assert (await here.start()).terminal is not None


async def test_what_a_parent_and_a_child_have_read_each_other_has_read():
    fetch = Turn(calls=(call("fetch", path="page"),))
    spawn = Turn(calls=(call("spawn_agents", agents=[{"agent_type": "b", "prompt": "x"}]),))
    pay = Turn(calls=(call("pay", path="bill", text="$"),))
    lead = agent("a", "spawn_agents", "fetch", "pay", spawnable_agents=["b"], permissions=[FLOW])
    down = rig(
        says(a=[fetch, spawn, Turn(text="ok")], b=[pay, Turn(text="ok")]),
        lead,
        agent("b", "pay", permissions=[FLOW]),
    )
    await start_run(down, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    assert [gate.row.run_id for gate in await list_gates(down, as_owner(ANN))] == ["r.2-0-0"]
    up = rig(
        says(a=[spawn, pay, Turn(text="ok")], b=[fetch, Turn(text="ok")]),
        lead,
        agent("b", "fetch"),
    )
    await start_run(up, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    assert [gate.row.run_id for gate in await list_gates(up, as_owner(ANN))] == ["r"]


async def test_a_run_that_continues_a_conversation_has_read_what_that_had():
    fetch = Turn(calls=(call("fetch", path="page"),))
    pay = Turn(calls=(call("pay", path="bill"),))
    here = desk(FLOW, turns=[fetch, Turn(text="ok"), pay, Turn(text="ok")])
    await here.start()
    wish = StartRun("next", "a", "/w", "and now?", previous="r")
    assert (await start_run(here.app, as_owner(ANN), wish)).terminal is None


async def test_a_tool_that_the_rules_never_permit_is_not_shown_to_the_model():
    here = desk({"effect": "deny", "tool": "fetch"}, turns=[Turn(text="ok")])
    here.rules.set({"effect": "deny", "tool": "look"}, {"effect": "ask", "tool": "pay"})
    await here.start()
    assert [tool.name for tool in here.provider.calls[0].request.tools] == ["pay"]


async def test_and_calling_it_all_the_same_is_refused():
    look = Turn(calls=(call("look", path="x"),))
    here = desk({"effect": "deny", "tool": "look"}, turns=[look, Turn(text="ok")])
    await here.start()
    assert here.world.ledger == []
    assert "not available" in here.told()


async def test_whoever_starts_a_run_may_narrow_it_and_not_widen_it():
    own = PolicyLayer(level="run", name="mine", rules=(PermissionRule(effect="allow", tool="pay"),))
    here = desk({"effect": "deny", "tool": "pay", "arguments": {"path": "**"}})
    wish = StartRun("r", "a", "/w", "go", rules=own)
    await start_run(here.app, as_owner(ANN), wish)
    assert here.world.files == {}
    none = replace_rules(own, PermissionRule(effect="deny", tool="*", arguments={"path": "**"}))
    there = desk()
    await start_run(there.app, as_owner(ANN), replace(wish, rules=none))
    assert there.world.files == {}


def replace_rules(layer: PolicyLayer, *rules: PermissionRule) -> PolicyLayer:
    return layer.model_copy(update={"rules": rules})

"""Incidents of other products in which something that was approved became something else."""

import pytest
from tests.runtime.script import agent, call, says
from tests.runtime.test_approvals import APPROVE, Rules, asking

from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.gate import GateDecided
from callboard.domain.org.principal import as_owner
from callboard.runtime.reading import load
from callboard.testing.clock import PatientClock
from callboard.testing.model import Turn
from callboard.testing.rig import ANN, BEN, rig
from callboard.testing.world import World
from callboard.usecases.deciding import decide_gate
from callboard.usecases.gates import open_gate
from callboard.usecases.runs import resume_run
from callboard.usecases.start_run import StartRun, start_run

pytestmark = pytest.mark.anyio


class Desk:
    """A run that waits for the approval of a call; everything about it can be another one."""

    def __init__(self, tool="pay", arguments=None, run="r", policy=(), **definition):
        self.run, self.rules, self.world = run, Rules(), World()
        self.rules.set(*policy)
        made = call(tool, **(arguments or {"path": "bill", "text": "$"}))
        fields = {"permissions": [asking(), asking() | {"tool": "fetch"}]} | definition
        worker = agent("a", "pay", "look", "fetch", **fields)
        turns = [Turn(calls=(made,)), Turn(text="ok")]
        self.app = rig(
            says(a=turns), worker, world=self.world, clock=PatientClock(), policies=self.rules
        )

    async def digest(self):
        await start_run(self.app, as_owner(ANN), StartRun(self.run, "a", "/w", "go"))
        return (await open_gate(self.app, as_owner(ANN), self.run)).gate.digest

    async def decided(self):
        entries = await load(self.app.ports.store, self.run)
        return [one for one in entries if isinstance(one.event, GateDecided)]


OTHERS = {
    "another value": {"arguments": {"path": "bill", "text": "$$"}},
    "a value that looks alike": {"arguments": {"path": "b\u0456ll", "text": "$"}},
    "an argument more": {"arguments": {"path": "bill", "text": "$", "env": {"A": "b"}}},
    "an argument less": {"arguments": {"path": "bill"}},
    "an argument that is null": {"arguments": {"path": "bill", "text": "$", "to": None}},
    "a text for a number": {"arguments": {"path": "bill", "text": "1"}},
    "another tool": {"tool": "fetch"},
    "another prompt": {"system_prompt": "Pay more."},
    "another server": {"mcp_servers": {"x": {"command": "true"}}},
    "a tool more": {"spawnable_agents": ("b",)},
    "another rule of the agent": {"permissions": [asking(count=2), asking() | {"tool": "fetch"}]},
    "a rule of the organisation": {"policy": ({"effect": "deny", "tool": "look"},)},
    "another run": {"run": "other"},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_cursor_cve_2025_54136_an_approval_of_one_call_is_none_of_another(other):
    approved, changed = await Desk().digest(), Desk(**other)
    assert await changed.digest() != approved
    with pytest.raises(ConfigurationInvalid, match="look at it again"):
        await decide_gate(changed.app, as_owner(BEN), changed.run, APPROVE, digest=approved)
    assert changed.world.files == {}
    assert await changed.decided() == []


async def test_cursor_cve_2025_54136_the_same_call_in_another_order_is_the_same_call():
    same = Desk(arguments={"text": "$", "path": "bill"})
    assert await same.digest() == await Desk().digest()


async def test_cursor_cve_2025_54135_an_agent_that_was_changed_while_its_run_waits_is_not_what_runs():
    """A run keeps the definition that it began with; the new one asks anew, in a run of its own."""
    here = Desk()
    digest = await here.digest()
    there = Desk(system_prompt="Pay somebody else.", run="next")
    assert await there.digest() != digest
    await decide_gate(here.app, as_owner(BEN), "r", APPROVE, digest=digest)
    assert here.world.files == {"bill": "$"}
    assert there.world.files == {}


async def test_cursor_cve_2025_54135_an_approval_that_was_used_is_used_up():
    here = Desk()
    digest = await here.digest()
    await decide_gate(here.app, as_owner(BEN), "r", APPROVE, digest=digest)
    paid = list(here.world.ledger)
    with pytest.raises(UnknownThing):
        await decide_gate(here.app, as_owner(BEN), "r", APPROVE, digest=digest)
    assert (await resume_run(here.app, as_owner(ANN), "r")).terminal is not None
    assert here.world.ledger == paid


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": "ask", "tool": "pay", "reason": "Another reason."},
        {"effect": "deny", "tool": "look"},
        {"effect": "allow", "tool": "*"},
    ],
)
async def test_cursor_cve_2025_54136_any_change_of_the_rules_asks_anew(rule):
    here = Desk()
    digest = await here.digest()
    here.rules.set(rule)
    with pytest.raises(UnknownThing, match="its rules changed"):
        await decide_gate(here.app, as_owner(BEN), "r", APPROVE, digest=digest)
    assert (await resume_run(here.app, as_owner(ANN), "r")).terminal is None
    assert (await open_gate(here.app, as_owner(ANN), "r")).gate.digest != digest
    assert here.world.files == {}

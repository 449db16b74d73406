"""Money: reserved before a call, settled after, never more than there is; and both ledgers."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from callboard.domain.definition.agent import Limits
from callboard.domain.events.budget import BudgetReached
from callboard.domain.message import TextPart
from callboard.domain.org.principal import as_owner
from callboard.domain.usage import Usage, usd
from callboard.engine.ledger import AXES, totals, whole
from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta
from callboard.runtime.children import Ended
from callboard.runtime.reading import load
from callboard.testing.budgets import MemoryBudgets
from callboard.testing.model import ScriptedError, Turn
from callboard.testing.rig import ANN, BEN, rig
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import list_gates, open_gate
from callboard.usecases.spending import usage_of
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.verify_run import verify_run

from .script import agent, call, says

pytestmark = pytest.mark.anyio

A_TOKEN = usd("0.00001")


@dataclass
class PricedModel:
    """A model with a price: it says `words`, and charges for as many output tokens as it may use."""

    share: Decimal = Decimal(1)
    requests: list[ModelRequest] = field(default_factory=list[ModelRequest])
    under_way: int = 0
    most_under_way: int = 0

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        return usd("0.01") + A_TOKEN * output_tokens

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        self.requests.append(request)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        tokens = int((request.max_output_tokens or 0) * self.share)
        return ModelAnswer(
            parts=(TextPart(text="said"),),
            finish="stop",
            usage=Usage(input_tokens=10, output_tokens=tokens),
            cost_usd=usd("0.01") + A_TOKEN * tokens,
        )


async def start(app: App, run_id: str = "r", agent_id: str = "a", **wish: object) -> Ended:
    return await start_run(
        app,
        as_owner(ANN),
        StartRun(run_id, agent_id, "/w", "go", **wish),  # pyright: ignore[reportArgumentType]
    )


def limit(amount: str) -> Limits:
    return Limits(cost_usd=usd(amount))


def code(ended: Ended) -> str:
    assert ended.terminal is not None
    return str(ended.terminal.output.model_dump().get("code", ""))


async def test_an_answer_under_a_budget_may_be_as_long_as_the_budget_pays_for():
    model = PricedModel()
    app = rig(model, agent("a"))
    ended = await start(app, limits=limit("0.02"))
    assert code(ended) == ""
    assert model.requests[0].max_output_tokens == 1_000
    assert ended.bill.known_usd == usd("0.02")


async def test_a_call_that_the_budget_could_not_pay_for_is_not_made():
    model = PricedModel()
    app = rig(model, agent("a"))
    ended = await start(app, limits=limit("0.01"))
    assert code(ended) == "budget_limit"
    assert model.requests == []
    entries = await load(app.ports.store, "r")
    (reached,) = [entry.event for entry in entries if isinstance(entry.event, BudgetReached)]
    assert (reached.account, reached.limit_usd, reached.spent_usd) == ("run:r", usd("0.01"), 0)


async def test_without_a_budget_nothing_is_reserved_and_no_answer_is_bounded():
    model, budgets = PricedModel(), MemoryBudgets()
    app = rig(model, agent("a"), budgets=budgets)
    await start(app)
    assert model.requests[0].max_output_tokens is None
    assert budgets.accounts == {}


async def test_two_hundred_runs_at_once_never_spend_more_than_the_organisation_has():
    model, budgets = PricedModel(share=Decimal("0.7")), MemoryBudgets()
    await budgets.set_limit("organisation", usd("5"))
    app = rig(model, agent("a"), budgets=budgets)
    ended = await asyncio.gather(*(start(app, f"r{n}") for n in range(200)))
    spent = sum((one.bill.known_usd for one in ended), Decimal(0))
    (organisation,) = await budgets.standings()
    assert organisation.spent_usd == spent <= usd("5")
    assert organisation.reserved_usd == 0
    assert {code(one) for one in ended} == {"", "budget_limit"}
    assert model.most_under_way > 1


async def test_children_side_by_side_draw_on_their_parents_budget_and_on_their_own():
    spawn = Turn(calls=(call("spawn_agents", agents=[{"agent_type": "b"}] * 4),))
    spend = [Turn(calls=(call("look", path="x"),), cost_usd=usd("0.3")) for _ in range(20)]
    lead = agent("a", "spawn_agents", spawnable_agents=["b"])
    budgets = MemoryBudgets()
    app = rig(
        says(a=[spawn, Turn(text="ok")], b=spend),
        lead,
        agent("b", "look", limits={"cost_usd": "0.3"}),
        budgets=budgets,
    )
    ended = await start(app, limits=limit("1"))
    accounts = {one.account: one for one in await budgets.standings()}
    assert accounts["run:r"].spent_usd == ended.bill.known_usd
    assert all(
        one.spent_usd <= usd("0.3") for name, one in accounts.items() if name.startswith("run:r.")
    )
    assert ended.bill.known_usd <= usd("1.2"), "one call of unknown price at a time"


async def test_where_it_is_to_wait_a_run_waits_at_its_budget_and_goes_on_with_more():
    turns = [Turn(calls=(call("look", path="x"),), cost_usd=usd("0.4")) for _ in range(3)]
    app = rig(says(a=[*turns, Turn(text="ok", cost_usd=usd("0.1"))]), agent("a", "look"))
    waiting = await start(app, limits=limit("0.5"), on_limit="wait")
    assert waiting.terminal is None
    gate = await open_gate(app, as_owner(ANN), "r")
    assert (gate.gate.reason, gate.gate.subject) == ("budget_exceeded", "run:r")
    assert "$0.80 of $0.50" in gate.gate.question
    with pytest.raises(Exception, match="spent already"):
        await decide_gate(app, as_owner(BEN), "r", Decision("approve"), digest=gate.gate.digest)
    with pytest.raises(Exception, match="US dollars"):
        await decide_gate(
            app, as_owner(BEN), "r", Decision("approve", answer="lots"), digest=gate.gate.digest
        )
    enough = Decision("approve", answer="2")
    ended = await decide_gate(app, as_owner(BEN), "r", enough, digest=gate.gate.digest)
    assert code(ended) == ""
    assert ended.bill.known_usd == usd("1.3")
    assert not (await verify_run(app, as_owner(ANN), "r")).problems


async def test_a_run_whose_budget_nobody_raises_ends():
    turns = [Turn(calls=(call("look", path="x"),), cost_usd=usd("0.4")) for _ in range(3)]
    app = rig(says(a=turns), agent("a", "look"))
    await start(app, limits=limit("0.4"), on_limit="wait")
    gate = await open_gate(app, as_owner(ANN), "r")
    ended = await decide_gate(app, as_owner(BEN), "r", Decision("reject"), digest=gate.gate.digest)
    assert code(ended) == "budget_limit"


async def test_a_child_that_waits_at_its_parents_budget_is_decided_about_where_it_waits():
    spawn = Turn(calls=(call("spawn_agents", agents=[{"agent_type": "b"}]),), cost_usd=usd("0.5"))
    spend = [Turn(calls=(call("look", path="x"),), cost_usd=usd("0.5")) for _ in range(2)]
    lead = agent("a", "spawn_agents", spawnable_agents=["b"])
    app = rig(
        says(a=[spawn, Turn(text="ok")], b=[*spend, Turn(text="ok")]), lead, agent("b", "look")
    )
    await start(app, limits=limit("1"), on_limit="wait")
    (gate,) = await list_gates(app, as_owner(ANN))
    assert (gate.row.run_id, gate.gate.subject) == ("r.1-0-0", "run:r")
    more = Decision("approve", answer="5")
    ended = await decide_gate(app, as_owner(BEN), gate.row.run_id, more, digest=gate.gate.digest)
    assert code(ended) == ""


async def test_a_limit_that_was_raised_meanwhile_is_as_good_as_one_in_the_answer():
    budgets = MemoryBudgets()
    await budgets.set_limit("organisation", usd("0.1"))
    turns = [Turn(calls=(call("look", path="x"),), cost_usd=usd("0.1")), Turn(text="ok")]
    app = rig(says(a=turns), agent("a", "look"), budgets=budgets)
    await start(app, on_limit="wait")
    gate = await open_gate(app, as_owner(ANN), "r")
    assert gate.gate.subject == "organisation"
    await budgets.set_limit("organisation", usd("1"))
    ended = await decide_gate(app, as_owner(BEN), "r", Decision("approve"), digest=gate.gate.digest)
    assert code(ended) == ""


async def test_a_call_that_failed_costs_nothing_and_frees_what_it_held():
    budgets = MemoryBudgets()
    broken = Turn(error=ScriptedError(reason="server", message="down", retryable=True))
    app = rig(says(a=[broken, Turn(text="ok", cost_usd=usd("0.2"))]), agent("a"), budgets=budgets)
    ended = await start(app, limits=limit("1"))
    assert code(ended) == ""
    (account,) = await budgets.standings()
    assert (account.spent_usd, account.reserved_usd) == (usd("0.2"), 0)


async def test_the_sum_is_the_same_by_every_axis_and_nothing_unknown_becomes_zero():
    spawn = Turn(calls=(call("spawn_agents", agents=[{"agent_type": "b"}]),), cost_usd=usd("0.5"))
    app = rig(
        says(a=[spawn, Turn(text="ok", cost_usd=None)], b=[Turn(text="ok", cost_usd=usd("0.25"))]),
        agent("a", "spawn_agents", spawnable_agents=["b"], credential="team-key"),
        agent("b", version="1.2.0"),
    )
    await start(app)
    entries = await usage_of(app, as_owner(ANN))
    total = whole(entries)
    assert (total.calls, total.paid.known_usd, total.paid.total_usd) == (3, usd("0.75"), None)
    for axis in AXES:
        groups = totals(entries, axis).values()
        assert sum(one.calls for one in groups) == 3
        assert sum((one.paid.known_usd for one in groups), Decimal(0)) == total.paid.known_usd
        assert sum((one.market.known_usd for one in groups), Decimal(0)) == usd("0.75")
    by_version = totals(entries, "version")
    assert by_version["b@1.2.0"].paid.total_usd == usd("0.25")
    assert totals(entries, "person").keys() == {"ann"}
    assert totals(entries, "credential").keys() == {"team-key", "-"}
    assert totals(entries, "basis").keys() == {"included", "unknown"}
    below = await usage_of(app, as_owner(ANN), "r.1-0-0")
    assert [entry.run_id for entry in below] == ["r.1-0-0"]


async def test_a_space_has_a_budget_of_its_own_below_the_organisations():
    model, budgets = PricedModel(), MemoryBudgets()
    await budgets.set_limit("organisation", usd("5"))
    await budgets.set_limit("space:/w", usd("0.03"))
    app = rig(model, agent("a"), budgets=budgets)
    here = await asyncio.gather(*(start(app, f"r{n}") for n in range(5)))
    assert sum((one.bill.known_usd for one in here), Decimal(0)) <= usd("0.03")
    elsewhere = await start_run(app, as_owner(ANN), StartRun("e", "a", "/other", "go"))
    assert code(elsewhere) == ""
    by_space = totals(await usage_of(app, as_owner(ANN)), "space")
    assert by_space.keys() == {"/w", "/other"}

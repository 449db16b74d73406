"""Runs that wait for somebody: quorum, deadline, changed rules, money, a fork and a cancellation.

Each story says what people do whenever the run waits, whichever process asks them: `go` starts or resumes it
and answers until it has ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.definition.permissions import PermissionRule
from callboard.domain.events.tool_call import ToolCallStarted
from callboard.domain.org.principal import as_owner
from callboard.domain.policy import PolicyLayer
from callboard.domain.usage import usd
from callboard.ports.event_store import Signal
from callboard.ports.model import ModelAnswer, ModelProvider, ModelRequest, OnDelta
from callboard.runtime.children import Ended
from callboard.runtime.reading import load
from callboard.testing.budgets import MemoryBudgets
from callboard.testing.clock import PatientClock
from callboard.testing.model import Script, ScriptedProvider, Turn
from callboard.testing.rig import ANN, BEN
from callboard.testing.world import LedgerProvider, World
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.fork_run import ForkRun, fork_run
from callboard.usecases.gates import OpenGate, open_gate
from callboard.usecases.runs import resume_run
from callboard.usecases.start_run import StartRun, start_run

from .stories import RUN, agent, call

CID = Actor(kind="person", name="cid")
FORK = "fork"
MOST_ANSWERS = 12


@dataclass
class Rules:
    """Rules of the organisation; they are a file, so they outlive every process."""

    current: tuple[PolicyLayer, ...] = ()

    async def layers(self, workspace: str) -> tuple[PolicyLayer, ...]:
        return self.current

    def ask(self, **approvers: object) -> None:
        rule = PermissionRule.model_validate(
            {"effect": "ask", "tool": "pay", "approvers": approvers}
        )
        self.current = (PolicyLayer(level="organisation", name="policy.yaml", rules=(rule,)),)


@dataclass
class Outside:
    """What outlives a process, besides the log."""

    world: World = field(default_factory=World)
    rules: Rules = field(default_factory=Rules)
    budgets: MemoryBudgets = field(default_factory=MemoryBudgets)
    clock: PatientClock = field(default_factory=PatientClock)

    async def bury(self) -> None:
        """Count what the dead process had reserved as spent, as the contract of budgets says."""
        for key in list(self.budgets.held):
            await self.budgets.settle(key, None)


Answer = Callable[[App, Outside, OpenGate], Awaitable[Ended]]


@dataclass(frozen=True)
class Waiting:
    """A story whose run waits for people."""

    name: str
    agents: tuple[AgentDefinition, ...]
    scripts: Mapping[str, Script]
    answer: Answer
    limits: Limits = Limits()
    rules: Mapping[str, object] = field(default_factory=dict[str, object])
    forks: bool = False
    cancelled_by: str = ""

    def outside(self) -> Outside:
        outside = Outside()
        if self.rules:
            outside.rules.ask(**self.rules)
        return outside

    def provider(self, world: World) -> "Priced":
        return Priced(world, LedgerProvider(world, ScriptedProvider(dict(self.scripts))), self)

    async def go(self, app: App, outside: Outside) -> Ended:
        """Bring the run to its end, from wherever it is."""
        ended = await self._begin_or_go_on(app)
        for _ in range(MOST_ANSWERS):
            if ended.terminal is not None:
                break
            ended = await self.answer(app, outside, await open_gate(app, as_owner(ANN), RUN))
        assert ended.terminal is not None
        return await self._forked(app) if self.forks else ended

    async def _begin_or_go_on(self, app: App) -> Ended:
        if await app.ports.store.row(RUN) is not None:
            return await resume_run(app, as_owner(ANN), RUN)
        first = self.agents[0].id
        wish = StartRun(RUN, first, "/work", "begin", limits=self.limits, on_limit="wait")
        return await start_run(app, as_owner(ANN), wish)

    async def _forked(self, app: App) -> Ended:
        if await app.ports.store.row(FORK) is None:
            entries = await load(app.ports.store, RUN)
            opened = [
                entry.seq
                for entry in entries
                if isinstance(entry.event, ToolCallStarted) and entry.event.tool == "pay"
            ]
            await fork_run(app, as_owner(ANN), ForkRun(RUN, opened[0], FORK))
        return await resume_run(app, as_owner(ANN), FORK)


@dataclass
class Priced:
    """A model with a price list; where the story says so, the call of one run asks for the end of all of them
    and never returns by itself.
    """

    world: World
    inner: ModelProvider
    story: Waiting
    app: App | None = None

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        return usd("0.2")

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        if self.app is not None and request.model == f"scripted/{self.story.cancelled_by}":
            signal = Signal(RUN, "cancel", "cancel", ANN, self.app.ports.clock.now(), "enough")
            await self.app.ports.store.signal(signal)
            await asyncio.Event().wait()
        return await self.inner.complete(request, on_delta)


def paying(*texts: str) -> dict[str, Script]:
    turns = [Turn(calls=(call("pay", path=text, text="$"),), cost_usd=usd("0.2")) for text in texts]
    return {"clerk": Script(turns=(*turns, Turn(text="done", cost_usd=usd("0.2"))))}


async def _two_approve_what_was_edited(app: App, outside: Outside, gate: OpenGate) -> Ended:
    somebody = CID if any(one.actor == BEN for one in gate.approvals) else BEN
    edited = Decision("approve", arguments={"path": "bill", "text": "¢"})
    return await decide_gate(app, as_owner(somebody), RUN, edited, digest=gate.gate.digest)


async def _nobody_decides(app: App, outside: Outside, gate: OpenGate) -> Ended:
    outside.clock.advance(61)
    return await resume_run(app, as_owner(ANN), RUN)


async def _the_rules_change_first(app: App, outside: Outside, gate: OpenGate) -> Ended:
    approvers = gate.gate.approvers
    if approvers is not None and approvers.count == 1:
        outside.rules.ask(count=2)
        return await resume_run(app, as_owner(ANN), RUN)
    somebody = CID if any(one.actor == BEN for one in gate.approvals) else BEN
    return await decide_gate(
        app, as_owner(somebody), RUN, Decision("approve"), digest=gate.gate.digest
    )


async def _the_limit_is_raised(app: App, outside: Outside, gate: OpenGate) -> Ended:
    spent = outside.budgets.accounts[gate.gate.subject].spent_usd
    more = Decision("approve", answer=str(spent + usd("0.5")))
    return await decide_gate(app, as_owner(BEN), RUN, more, digest=gate.gate.digest)


async def _nobody_is_asked(app: App, outside: Outside, gate: OpenGate) -> Ended:
    raise AssertionError(gate)


QUORUM = Waiting(
    "quorum",
    (agent("clerk", "pay"),),
    paying("bill"),
    _two_approve_what_was_edited,
    rules={"count": 2},
)
EXPIRY = Waiting(
    "expiry", (agent("clerk", "pay"),), paying("bill"), _nobody_decides, rules={"within_s": 60}
)
RULES = Waiting(
    "rules", (agent("clerk", "pay"),), paying("bill"), _the_rules_change_first, rules={"count": 1}
)
MONEY = Waiting(
    "money",
    (agent("clerk", "pay"),),
    paying("bill", "tip", "tax"),
    _the_limit_is_raised,
    limits=Limits(cost_usd=usd("0.5")),
)
OPEN_CALL = Waiting(
    "fork", (agent("clerk", "pay"),), paying("bill", "tip"), _nobody_is_asked, forks=True
)
CANCELLED = Waiting(
    "cancellation",
    (
        agent("lead", "spawn_agents", "pay", spawnable_agents=("left", "right")),
        agent("left", "pay"),
        agent("right", "pay"),
    ),
    {
        "lead": Script(
            turns=(
                Turn(
                    calls=(
                        call(
                            "spawn_agents",
                            agents=[
                                {"agent_type": "left", "prompt": "l"},
                                {"agent_type": "right", "prompt": "r"},
                            ],
                        ),
                    )
                ),
                Turn(text="done"),
            )
        ),
        "left": Script(turns=(Turn(text="l"),)),
        "right": Script(turns=(Turn(calls=(call("pay", path="right"),)), Turn(text="r"))),
    },
    _nobody_is_asked,
    cancelled_by="left",
)

WAITING = (QUORUM, EXPIRY, RULES, MONEY, OPEN_CALL, CANCELLED)

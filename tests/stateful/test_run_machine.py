"""A run is started, driven, crashed, decided about and cancelled in any order that Hypothesis can think of.

What must hold however it goes: the log verifies, it only grows, every turn is answered once, an unsafe
effect happens at most once per time that somebody agreed to it, and a run that ended stays as it is.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from callboard.domain.events.codec import Sealed, unseal
from callboard.domain.events.gate import GateDecided
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.tool_call import ToolCallStarted
from callboard.domain.org.principal import as_owner
from callboard.domain.run.fold import fold
from callboard.engine.decide import decide
from callboard.runtime.reading import project_all
from callboard.testing.model import Match, Rule, Script, ScriptedProvider, Turn
from callboard.testing.rig import ANN, rig
from callboard.testing.store.crashing import Crash, CrashingStore
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.world import LedgerProvider, World
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import list_gates
from callboard.usecases.runs import cancel_run, resume_run
from callboard.usecases.start_run import StartRun, start_run
from tests.runtime.script import agent, call

PAY = Turn(calls=(call("pay", path="bill", text="$"),))
TURNS = (
    Turn(calls=(call("look", path="a"), call("look", path="b"))),
    PAY,
    Turn(calls=(call("spawn_agents", agents=[{"agent_type": "b"}, {"agent_type": "b"}]),)),
    Turn(calls=(call("put", path="x", text="1"), call("pay", path="tip", text="$"))),
    Turn(text="end"),
)
CHILD = Script(
    rules=(
        Rule(when=Match(tool_result="."), turn=Turn(text="child")),
        Rule(when=Match(), turn=PAY),
    )
)
SCRIPTS = {"a": Script(turns=TURNS), "b": CHILD}


class RunMachine(RuleBasedStateMachine):
    """One run over a durable disk and world; each rule is a process that may die in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = MemoryDisk()
        self.world = World()
        self.started = False
        self.asks = False
        self.log: list[Sealed] = []

    def process(self, work: str, crash: tuple[str, int, str] | None, **given: Any) -> None:
        asyncio.run(self._process(work, crash, given))
        before, self.log = self.log, self._tree()
        assert self.log[: len(before)] == before, "the log only grows"

    async def _process(
        self, work: str, crash: tuple[str, int, str] | None, given: dict[str, Any]
    ) -> None:
        kind, at, when = crash or ("none", 0, "before")
        moment: Literal["before", "after"] = "after" if when == "after" else "before"
        store = CrashingStore(
            MemoryEventStore(self.disk),
            at if kind == "write" else None,
            moment,
            self.world.kill,
        )
        self.world.revive()
        self.world.effects = 0
        self.world.crash_at = at if kind == "effect" else None
        self.world.crash_when = moment
        provider = LedgerProvider(self.world, ScriptedProvider(SCRIPTS))
        rules = [{"effect": "ask", "tool": "pay"}] if self.asks else []
        unknown = "ask" if self.asks else "tell_model"
        lead = agent(
            "a",
            "look",
            "put",
            "pay",
            "spawn_agents",
            spawnable_agents=["b"],
            permissions=rules,
            on_unknown_outcome=unknown,
        )
        child = agent("b", "pay", on_unknown_outcome=unknown)
        app = rig(provider, lead, child, world=self.world, store=store)
        with suppress(Crash):
            await self._work(work, app, given)
        with suppress(Crash):
            await app.driver.close()
        await store.inner.close()

    def _work(self, work: str, app: App, given: dict[str, Any]) -> Coroutine[None, None, Any]:
        match work:
            case "start":
                return start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
            case "resume":
                return resume_run(app, as_owner(ANN), "r")
            case "cancel":
                return cancel_run(app, as_owner(ANN), "r")
            case _:
                return self._decide(app, given["verdict"])

    async def _decide(self, app: App, verdict: Literal["approve", "reject"]) -> None:
        for gate in (await list_gates(app, as_owner(ANN)))[:1]:
            await decide_gate(
                app, as_owner(ANN), gate.row.run_id, Decision(verdict), digest=gate.gate.digest
            )

    crashes = st.none() | st.tuples(
        st.sampled_from(["write", "effect"]),
        st.integers(1, 40),
        st.sampled_from(["before", "after"]),
    )

    @precondition(lambda self: not self.started)
    @rule(crash=crashes, asks=st.booleans())
    def start(self, crash: tuple[str, int, str] | None, asks: bool) -> None:
        self.asks = asks
        self.process("start", crash)
        self.started = "r" in {entry.run_id for entry in self.log}

    @precondition(lambda self: self.started)
    @rule(crash=crashes)
    def resume(self, crash: tuple[str, int, str] | None) -> None:
        self.process("resume", crash)

    @precondition(lambda self: self.started)
    @rule(crash=crashes, verdict=st.sampled_from(["approve", "reject"]))
    def decide(self, crash: tuple[str, int, str] | None, verdict: str) -> None:
        self.process("decide", crash, verdict=verdict)

    @precondition(lambda self: self.started)
    @rule(crash=crashes)
    def cancel(self, crash: tuple[str, int, str] | None) -> None:
        self.process("cancel", crash)

    def _tree(self) -> list[Sealed]:
        async def read() -> list[Sealed]:
            store = MemoryEventStore(self.disk)
            try:
                return await store.read_tree("r") if await store.row("r") is not None else []
            finally:
                await store.close()

        return asyncio.run(read())

    @invariant()
    def nothing_follows_a_terminal_event_and_folding_any_prefix_decides(self) -> None:
        for run_id in {entry.run_id for entry in self.log}:
            events = [unseal(entry) for entry in self.log if entry.run_id == run_id]
            for length in range(1, len(events) + 1):
                state = fold(events[:length])
                assert decide(state) == decide(state)
                assert state.terminal is None or length == len(events)
            assert project_all(events).run_id == run_id

    @invariant()
    def every_turn_is_answered_once(self) -> None:
        events = [unseal(entry) for entry in self.log]
        turns = Counter(
            (entry.run_id, entry.event.turn)
            for entry in events
            if isinstance(entry.event, ModelCallCompleted)
        )
        assert all(count == 1 for count in turns.values())

    @invariant()
    def an_unsafe_effect_is_never_repeated_without_consent(self) -> None:
        events = [unseal(entry) for entry in self.log]
        consents = sum(
            isinstance(entry.event, GateDecided) and entry.event.verdict == "approve"
            for entry in events
        )
        paid = Counter(entry for entry in self.world.ledger if entry.startswith("pay "))
        assert all(count <= 1 + consents for count in paid.values())
        started = sum(isinstance(entry.event, ToolCallStarted) for entry in events)
        assert sum(paid.values()) <= started


RunMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
TestRunMachine = RunMachine.TestCase

"""Where the past is lived through: what happens at which moment, and the worker that carries it out."""

import heapq
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callboard.domain.actor import Actor
from callboard.domain.message import JsonObject
from callboard.domain.org.principal import Principal
from callboard.domain.run_row import RunRow
from callboard.ports.event_store import RunsWanted
from callboard.sample.cast import PLACES
from callboard.sample.clock import SetClock
from callboard.usecases.app import App
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import OpenGate, gate_of
from callboard.usecases.people import principal_of
from callboard.usecases.worker import Worker

Scene = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Stage:
    """Plays scenes in the order of their moments, up to `end`; what waits for people is decided after a while."""

    app: App
    clock: SetClock
    end: datetime
    after: Callable[[], Awaitable[int]]
    _scenes: list[tuple[datetime, int, Scene]] = field(
        default_factory=list[tuple[datetime, int, Scene]]
    )
    _count: int = 0
    _decided: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    _chance: random.Random = field(default_factory=lambda: random.Random(11))  # noqa: S311 - no secret

    def later(self, moment: datetime, scene: Scene) -> None:
        """Let something happen at a moment."""
        self._count += 1
        heapq.heappush(self._scenes, (moment, self._count, scene))

    async def play(self) -> None:
        """Play everything."""
        worker = Worker(self.app, at_once=4)
        while self._scenes:
            moment, _, scene = heapq.heappop(self._scenes)
            self.clock.set(moment)
            await scene()
            await worker.idle()
            if self._count % 3 == 0 or not self._scenes:
                await self.after()
            await self._see_to_gates()

    async def _see_to_gates(self) -> None:
        wanted = RunsWanted(root_only=False, statuses=("waiting",), limit=500)
        for row in await self.app.ports.store.rows(wanted):
            if (row.run_id, str(row.waiting_since)) in self._decided:
                continue
            self._decided.add((row.run_id, str(row.waiting_since)))
            gate = await gate_of(self.app, row)
            if gate is not None:
                asked_at = row.waiting_since or self.clock.now()
                moment = min(
                    asked_at + timedelta(minutes=self._chance.randrange(10, 26 * 60)), self.end
                )
                self.later(moment, lambda gate=gate: self._decide(gate))

    async def _decide(self, gate: OpenGate) -> None:
        row = gate.row
        now_open = await gate_of(self.app, row)
        if (
            now_open is None or now_open.gate.digest != gate.gate.digest
        ):  # it was cancelled meanwhile
            return
        who = await someone(self.app, self._decider(row))
        rejects = row.kind == "workflow" and gate.gate.reason == "approval_required"
        decision = Decision(
            "approve",
            note=self._chance.choice(("", "", "Looks good.", "Thank you, that was quick.")),
        )
        if gate.gate.reason == "input_required":
            answer: JsonObject = {"questionIndex": 0, "selectedOption": "Leave them"}
            decision = Decision("answer", answer={"answers": [answer]})
        elif rejects and self._chance.random() < 0.08:
            decision = Decision("reject", note="The README should say what happens to old entries.")
        await record_decision(self.app, who, row.run_id, decision, digest=gate.gate.digest)

    def _decider(self, row: RunRow) -> str:
        place = next(one for one in PLACES if one.id == row.space)
        return self._chance.choice(place.maintainers)


async def someone(app: App, name: str) -> Principal:
    """Return one of the sample's people, with their rights of the moment."""
    found = await principal_of(app, Actor(kind="person", name=name))
    if found is None:
        raise LookupError(name)
    return found

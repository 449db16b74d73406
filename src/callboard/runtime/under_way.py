"""The runs that this process drives right now, and what people wish of them."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from callboard.domain.actor import Actor
from callboard.domain.events.run import CancellationRequested
from callboard.domain.run.state import RunState
from callboard.domain.task_run.state import TaskState
from callboard.ports.event_store import Claim, Signal


@dataclass(slots=True)
class Driven:
    """A run under way: the wish to end it, where there is one, and what people said to it meanwhile."""

    parent_id: str | None
    claim: Claim
    task: asyncio.Task[Any]
    request: CancellationRequested | None = None
    with_children: bool = False
    said: list[Signal] = field(default_factory=list[Signal])
    _heard: set[str] = field(default_factory=set[str])

    def hear(self, signal: Signal) -> None:
        """Take what somebody said, once, however often it is told."""
        if signal.key not in self._heard:
            self._heard.add(signal.key)
            self.said.append(signal)

    def take_said(self) -> list[Signal]:
        """Return what was said since the last time."""
        said, self.said = self.said, []
        return said


class UnderWay:
    """All runs of this process. A wish to cancel finds everything below: children end before their parents."""

    def __init__(self) -> None:
        self._runs: dict[str, Driven] = {}

    def __bool__(self) -> bool:
        return bool(self._runs)

    @property
    def run_ids(self) -> list[str]:
        """The runs' ids."""
        return list(self._runs)

    def claim_above(self, state: RunState | TaskState) -> Claim | None:
        """Return what the run that a run was begun by is driven by, if it is under way here."""
        parent = state.created.parent
        above = None if parent is None else self._runs.get(parent.run_id)
        return None if above is None else above.claim

    @contextmanager
    def driving(self, run_id: str, driven: Driven) -> Generator[Driven]:
        """Have a run among them for as long as the block lasts."""
        self._runs[run_id] = driven
        try:
            yield driven
        finally:
            self._runs.pop(run_id, None)

    def cancel(self, run_id: str, actor: Actor, reason: str = "") -> bool:
        """Ask a run, and everything below it, to end; return whether it is under way. Asking again changes
        nothing.
        """
        if run_id not in self._runs:
            return False
        request = CancellationRequested(actor=actor, reason=reason)
        for name, driven in self._runs.items():
            if driven.request is None and self._is_below(name, run_id):
                driven.request = request
                if not driven.with_children:
                    driven.task.cancel()
        return True

    def pass_on(self, signal: Signal) -> None:
        """Tell a run what somebody wishes."""
        if signal.kind == "cancel":
            self.cancel(signal.run_id, signal.actor, signal.note)
        elif (driven := self._runs.get(signal.run_id)) is not None:
            driven.hear(signal)

    def _is_below(self, name: str, run_id: str) -> bool:
        """Return whether a run is `run_id`, or under way somewhere below it."""
        at: str | None = name
        while at is not None and at != run_id:
            above = self._runs.get(at)
            at = above.parent_id if above is not None else None
        return at == run_id

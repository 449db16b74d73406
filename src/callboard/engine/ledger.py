"""The two ledgers: what was paid and what it is worth, for every model call, with everything it can be counted by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from callboard.domain.events.child_run import ChildRunStarted
from callboard.domain.events.codec import Recorded
from callboard.domain.events.model_call import ModelCallCompleted, ModelReplaced
from callboard.domain.events.program import SampleCompleted
from callboard.domain.events.run import AgentSubject, RunCreated, WorkflowSubject
from callboard.domain.usage import Basis, Bill, Usage

Axis = Literal[
    "space", "task", "step", "run", "agent", "version", "model", "credential", "person", "basis"
]
AXES: tuple[Axis, ...] = (
    "space",
    "task",
    "step",
    "run",
    "agent",
    "version",
    "model",
    "credential",
    "person",
    "basis",
)
NONE = "-"
"""What is counted by an axis that says nothing of a call (a run without a task)."""


@dataclass(frozen=True, slots=True)
class UsageEntry:
    """One model call: tokens, what was paid, what it costs on the market, and its tags on every axis."""

    run_id: str
    seq: int
    usage: Usage
    paid_usd: Decimal | None
    market_usd: Decimal | None
    basis: Basis
    tags: Mapping[Axis, str]


@dataclass(frozen=True, slots=True)
class Total:
    """Several calls together."""

    calls: int = 0
    usage: Usage = Usage()
    paid: Bill = Bill()
    market: Bill = Bill()

    def plus(self, entry: UsageEntry) -> "Total":
        """Return the total with one more call."""
        return Total(
            self.calls + 1,
            self.usage + entry.usage,
            self.paid.plus(entry.paid_usd),
            self.market.plus(entry.market_usd),
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """What a run's calls are tagged with."""

    tags: Mapping[Axis, str]
    workflow: bool = False


def usage_entries(tree: Iterable[Recorded]) -> list[UsageEntry]:
    """Return the model calls of a root run and of everything below it; events in the order of storage."""
    places: dict[str, _Place] = {}
    steps: dict[str, str] = {}
    entries: list[UsageEntry] = []
    for recorded in tree:
        match recorded.event:
            case RunCreated() as created:
                above = places.get(created.parent.run_id) if created.parent is not None else None
                places[recorded.run_id] = _place(recorded.run_id, created, above)
            case ChildRunStarted() as started:
                _note_step(places, steps, recorded.run_id, started)
            case ModelReplaced() as replaced:
                place = places.get(recorded.run_id, _Place({}))
                tags = {**place.tags, "model": replaced.model}
                places[recorded.run_id] = replace(place, tags=tags)
            case (ModelCallCompleted() | SampleCompleted()) as call:
                place = places.get(recorded.run_id, _Place({}))
                entries.append(_entry(recorded, call, place))
            case _:
                pass
    return [_with_step(entry, steps) for entry in entries]


def _place(run_id: str, created: RunCreated, above: _Place | None) -> _Place:
    tags: dict[Axis, str] = {"space": created.space or NONE, "person": created.actor.name}
    if above is not None:  # who started the tree, and for which task, holds for everything below
        tags = dict(above.tags)
    subject = created.subject
    if isinstance(subject, WorkflowSubject):
        return _Place({**tags, "task": run_id}, workflow=True)
    return _Place({**tags, **_agent_tags(run_id, subject)})


def _agent_tags(run_id: str, subject: AgentSubject) -> dict[Axis, str]:
    definition = subject.definition
    version = definition.version or definition.digest[:12]
    return {
        "run": run_id,
        "agent": definition.id,
        "model": subject.model,
        "version": f"{definition.id}@{version}",
        "credential": definition.credential or NONE,
    }


def _note_step(
    places: Mapping[str, _Place], steps: dict[str, str], run_id: str, started: ChildRunStarted
) -> None:
    """A step's run belongs to the step, and so does everything below it."""
    place = places.get(run_id)
    if place is not None and place.workflow:
        steps[started.child_run_id] = started.origin
    elif run_id in steps:
        steps[started.child_run_id] = steps[run_id]


def _entry(
    recorded: Recorded, call: ModelCallCompleted | SampleCompleted, place: _Place
) -> UsageEntry:
    market = call.cost_usd if call.market_usd is None else call.market_usd
    answered_by = call.answered_by if isinstance(call, ModelCallCompleted) else None
    tags: dict[Axis, str] = {axis: place.tags.get(axis, NONE) for axis in AXES}
    tags["basis"] = call.basis
    tags["credential"] = call.credential or tags["credential"]
    tags["model"] = answered_by or place.tags.get("model", NONE)
    return UsageEntry(
        recorded.run_id,
        recorded.seq,
        call.usage or Usage(),
        call.cost_usd,
        market,
        call.basis,
        tags,
    )


def _with_step(entry: UsageEntry, steps: Mapping[str, str]) -> UsageEntry:
    """A run's first call may be stored before its parent's record of it."""
    step = steps.get(entry.run_id)
    return entry if step is None else replace(entry, tags={**entry.tags, "step": step})


def totals(entries: Iterable[UsageEntry], axis: Axis) -> dict[str, Total]:
    """Return what calls come to, by what they are tagged with on an axis; dearest first."""
    found: dict[str, Total] = {}
    for entry in entries:
        tag = entry.tags[axis]
        found[tag] = found.get(tag, Total()).plus(entry)
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].paid.known_usd, pair[0])))


def whole(entries: Iterable[UsageEntry]) -> Total:
    """Return what all calls come to."""
    total = Total()
    for entry in entries:
        total = total.plus(entry)
    return total

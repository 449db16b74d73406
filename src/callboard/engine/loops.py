"""Patterns of a run that goes round in circles, seen from what came of its actions. Pure.

What counts is the outcome: a command that says something new each time is no loop, however often it is run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from callboard.domain.events.loop import LoopKind
from callboard.domain.run.actions import Action
from callboard.domain.run.state import RunState

SAME_CALLS = 4
"""The same call with the same result, so many times in a row."""

ALTERNATIONS = 4
"""Two calls by turns, so many times each."""

STALE_TURNS = 8
"""Turns in a row none of whose calls told or changed anything new."""

IDLE_TURNS = 16
"""Turns in a row without a successful change, in a run that could make some and spent half of its budget."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A pattern, the turn in which it began, and its last actions."""

    kind: LoopKind
    since_turn: int
    actions: tuple[Action, ...]


def loop_in(state: RunState) -> Loop | None:
    """Return the pattern that a run is in, if any."""
    actions = state.actions
    if len(actions) < SAME_CALLS or actions[-1].is_new:
        return _idle(state)
    return _same(actions) or _alternating(actions) or _stale(actions) or _idle(state)


def _same(actions: Sequence[Action]) -> Loop | None:
    last, count = actions[-1], 0
    for one in reversed(actions):
        if (one.asked, one.result) != (last.asked, last.result):
            break
        count += 1
    if count < SAME_CALLS:
        return None
    return Loop("same_call", actions[-count].turn, tuple(actions[-SAME_CALLS:]))


def _alternating(actions: Sequence[Action]) -> Loop | None:
    """Each action is as the one two before it, back to the beginning of the pattern."""
    count = 2
    while count < len(actions) and _alike(actions[-count - 1], actions[-count + 1]):
        count += 1
    if count < 2 * ALTERNATIONS or _alike(actions[-1], actions[-2]):
        return None
    return Loop("alternating_calls", actions[-count].turn, tuple(actions[-4:]))


def _alike(one: Action, other: Action) -> bool:
    return (one.asked, one.result) == (other.asked, other.result)


def _stale(actions: Sequence[Action]) -> Loop | None:
    stale: list[Action] = []
    for one in reversed(actions):
        if one.is_new:
            stale = [other for other in stale if other.turn != one.turn]
            break
        stale.append(one)
    turns = {one.turn for one in stale}
    if len(turns) < STALE_TURNS:
        return None
    return Loop("no_new_evidence", min(turns), tuple(reversed(stale[:SAME_CALLS])))


def _idle(state: RunState) -> Loop | None:
    """Money goes and nothing changes: only where the run could change something and has a budget."""
    budget, actions = state.created.limits.cost_usd, state.actions
    if not budget or len(actions) < SAME_CALLS:
        return None
    idle: list[Action] = []
    for one in reversed(actions):
        if one.call.facts.access == "write" and one.is_new:
            break
        idle.append(one)
    turns = {one.turn for one in idle}
    writes = any(one.call.facts.access == "write" for one in idle)
    if len(turns) < IDLE_TURNS or not writes:
        return None
    spent = state.bill.known_usd - idle[-1].spent_usd
    if spent < budget / Decimal(2):
        return None
    return Loop("spend_without_change", min(turns), tuple(reversed(idle[:SAME_CALLS])))

"""Patterns of a run that goes round in circles, seen from what came of its actions. Pure.

What counts is the outcome: a command that says something new each time is no loop, however often it is run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from callboard.domain.events.loop import LoopKind
from callboard.domain.run.actions import Action, Mark
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
    """A pattern, when the run was last not in it, and its last actions."""

    kind: LoopKind
    since: Mark
    actions: tuple[Action, ...]


def loop_in(state: RunState) -> Loop | None:
    """Return the pattern that a run is in, if any."""
    actions = state.deeds.actions
    if len(actions) < SAME_CALLS:
        return None
    if actions[-1].is_new:
        return _idle(state)
    return _same(state, actions) or _alternating(state, actions) or _stale(state) or _idle(state)


def _same(state: RunState, actions: Sequence[Action]) -> Loop | None:
    if not all(_alike(one, actions[-1]) for one in actions[-SAME_CALLS:]):
        return None
    return Loop("same_call", state.deeds.news, tuple(actions[-SAME_CALLS:]))


def _alternating(state: RunState, actions: Sequence[Action]) -> Loop | None:
    """Each action is as the one two before it, and not as the one before it."""
    last = actions[-2 * ALTERNATIONS :]
    if len(last) < 2 * ALTERNATIONS or _alike(last[-1], last[-2]):
        return None
    if not all(_alike(one, other) for one, other in zip(last, last[2:], strict=False)):
        return None
    return Loop("alternating_calls", state.deeds.news, tuple(actions[-4:]))


def _alike(one: Action, other: Action) -> bool:
    return one.call.asked == other.call.asked and one.told == other.told


def _stale(state: RunState) -> Loop | None:
    if state.turn - state.deeds.news.turn < STALE_TURNS:
        return None
    return Loop("no_new_evidence", state.deeds.news, state.deeds.actions[-SAME_CALLS:])


def _idle(state: RunState) -> Loop | None:
    """Money goes and nothing changes: only where the run did change something once, and has a budget."""
    budget, change = state.created.limits.cost_usd, state.deeds.change
    if not budget or not change.turn or state.turn - change.turn < IDLE_TURNS:
        return None
    if state.bill.known_usd - change.spent_usd < budget / Decimal(2):
        return None
    return Loop("spend_without_change", change, state.deeds.actions[-SAME_CALLS:])

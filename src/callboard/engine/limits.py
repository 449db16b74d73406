"""Bounds of a run, and what is left of them for a child."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from callboard.domain.definition.agent import Limits
from callboard.domain.events.run import BudgetAccount
from callboard.domain.run.state import RunState
from callboard.domain.task_run.state import TaskState
from callboard.engine.words import exact_dollars

Bound = TypeVar("Bound", int, float, Decimal)

DEFAULT_TURNS = 100
DEFAULT_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that is reached: its name and what to tell people."""

    code: str
    message: str


WALL_TIME = Breach("wall_time_limit", "The run reached its wall-time limit.")


def ends_before(state: RunState, delay_s: float) -> bool:
    """Return whether the run's time is over within `delay_s` seconds from its last event."""
    deadline_at = state.created.deadline_at
    return deadline_at is not None and state.at + timedelta(seconds=delay_s) >= deadline_at


def effective_limits(*bounds: Limits) -> Limits:
    """Return the tightest of each bound, with the defaults for turns and depth where nobody sets one."""
    return Limits(
        turns=_least(*(bound.turns for bound in bounds)) or DEFAULT_TURNS,
        cost_usd=_least(*(bound.cost_usd for bound in bounds)),
        wall_time_s=_least(*(bound.wall_time_s for bound in bounds)),
        depth=_least(*(bound.depth for bound in bounds), DEFAULT_DEPTH),
    )


def _least(*values: Bound | None) -> Bound | None:
    known = [value for value in values if value is not None]
    return min(known) if known else None


def deadline(started_at: datetime, limits: Limits) -> datetime | None:
    """Return when a run that starts now must have ended."""
    if limits.wall_time_s is None:
        return None
    return started_at + timedelta(seconds=limits.wall_time_s)


def breach(state: RunState) -> Breach | None:
    """Return the limit that forbids another turn, if any."""
    limits = state.created.limits
    if ends_before(state, 0):
        return WALL_TIME
    if limits.turns is not None and state.turn >= limits.turns:
        return Breach(
            "turn_limit", f"The run reached its limit of {limits.turns} turns (--max-turns)."
        )
    return None if state.created.on_limit == "wait" else _cost_breach(state, limits.cost_usd)


def _cost_breach(state: RunState, budget: Decimal | None) -> Breach | None:
    if budget is None:
        return None
    if state.bill.has_unknown:
        return Breach(
            "budget_unknown_cost",
            f"A budget of {exact_dollars(budget)} is set, but the cost of model {state.model} is unknown, "
            "so the budget cannot be kept. Run without --budget or use a model with a known price.",
        )
    if state.bill.known_usd >= budget:
        return Breach(
            "budget_limit",
            f"The run reached its budget (--budget): {exact_dollars(state.bill.known_usd)} of "
            f"{exact_dollars(budget)} spent.",
        )
    return None


def budget_path(state: RunState | TaskState) -> tuple[BudgetAccount, ...]:
    """Return the budgets that a run, and every child of it, draws on: those of the runs above it, then its own."""
    own = state.created.limits.cost_usd
    if own is None:
        return state.created.accounts
    return (*state.created.accounts, BudgetAccount(run_id=state.run_id, limit_usd=own))


def child_limits(state: RunState | TaskState, own: Limits, now: datetime) -> Limits:
    """Return the limits of a child: its own and what is left here.

    Money is the exception: a child has its own budget, if any, and draws on those of the runs above it, call
    by call, so that children running side by side cannot overspend them.
    """
    limits = state.created.limits
    time_left = None
    if state.created.deadline_at is not None:
        time_left = max((state.created.deadline_at - now).total_seconds(), 0.001)
    inherited = Limits(
        turns=limits.turns,
        wall_time_s=time_left,
        depth=None if limits.depth is None else max(limits.depth - 1, 0),
    )
    return effective_limits(own, inherited)

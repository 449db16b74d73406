"""What happens where money runs out: the run waits for a person, or fails where nobody is there to ask."""

from callboard.domain.events.budget import BudgetReached
from callboard.domain.run.state import RunState
from callboard.engine.budgets import run_account
from callboard.engine.commands import Append
from callboard.engine.gates import digest_of, opened_gate
from callboard.engine.outputs import failed
from callboard.engine.words import exact_dollars


def out_of_money(state: RunState, short: BudgetReached) -> Append:
    """Return the gate at which a run without money waits, or its end."""
    digest = _digest(state, short)
    refused = any(gate.digest == digest for gate, _ in state.decisions)
    if state.created.on_limit == "fail" or refused:
        code = "budget_unknown_cost" if state.bill.has_unknown else "budget_limit"
        return Append((failed(state, reached(state, short), code),))
    question = f"{reached(state, short)} Raise it, and the run goes on."
    return Append((opened_gate(state, "budget_exceeded", short.account, question, digest),))


def reached(state: RunState, short: BudgetReached) -> str:
    """Return in words which budget is too small for what."""
    own = short.account == run_account(state.run_id)
    whose = "its budget (--budget)" if own else f"the budget of {short.account}"
    needs = (
        ""
        if short.least_usd is None
        else f"; the next call may need {exact_dollars(short.least_usd)}"
    )
    unknown = (
        f" The cost of model {state.model} is unknown, so that each call counts as all that it could cost."
        if state.bill.has_unknown
        else ""
    )
    spent = f"{exact_dollars(short.spent_usd)} of {exact_dollars(short.limit_usd)} spent{needs}"
    return f"The run reached {whose}: {spent}.{unknown}"


def _digest(state: RunState, short: BudgetReached) -> str:
    """Bind a decision to the account as it stood: a rejection holds until something changes."""
    stood = (short.account, str(short.limit_usd), str(short.spent_usd))
    return digest_of([state.run_id, "budget_exceeded", state.turn, *stood])

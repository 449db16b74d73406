"""Money around a model call: reserved before, settled after, whatever happens in between."""

from dataclasses import dataclass, replace
from decimal import Decimal

from callboard.domain.events.budget import BudgetReached
from callboard.domain.run.state import RunState
from callboard.engine.budgets import (
    ORGANISATION,
    Exhausted,
    Granted,
    Occupied,
    Wanted,
    output_tokens_for,
    rounded_up,
    run_account,
    space_account,
)
from callboard.engine.limits import budget_path
from callboard.engine.token_bound import MIN_OUTPUT_TOKENS, MOST_OUTPUT_TOKENS, input_bound
from callboard.ports.budgets import Account
from callboard.ports.model import ModelAnswer, ModelProvider, ModelRequest, PricedProvider
from callboard.runtime.ports import Ports

_POLL_S = 0.02
_SAMPLE = 1_000


@dataclass(slots=True)
class Hold:
    """What was reserved for a call. Left unsettled, the call counts as all that it was allowed to cost."""

    ports: Ports
    request: ModelRequest
    key: str | None = None
    cost_usd: Decimal | None = None

    def answered(self, answer: ModelAnswer) -> None:
        """Note what the call cost, if anybody knows."""
        self.cost_usd = answer.cost_usd

    def refused(self) -> None:
        """Note that the call came to nothing and was not charged."""
        self.cost_usd = Decimal(0)

    async def settle(self) -> None:
        """Book the cost and free the rest."""
        if self.key is not None:
            await self.ports.budgets.settle(self.key, self.cost_usd)


async def reserve(
    ports: Ports, state: RunState, provider: ModelProvider, request: ModelRequest, key: str
) -> Hold | BudgetReached:
    """Reserve what a call may cost on every account above it; without limits there is nothing to reserve.

    Where the price is known, the answer is bounded by what was granted. Waits while other calls hold what this
    one needs.
    """
    own = [Account(run_account(one.run_id), one.limit_usd) for one in budget_path(state)]
    names = (ORGANISATION, space_account(state.created.space))
    above = [Account(name) for name in await ports.budgets.limited(names)]
    path = (*above, *own)
    if not path:
        return Hold(ports, request)
    price = await _price(provider, request)
    while True:
        said = await ports.budgets.reserve(key, path, price.wanted)
        match said:
            case Granted():
                return Hold(ports, price.bounded(request, said.amount_usd), key)
            case Exhausted(standing):
                return BudgetReached(
                    account=standing.account,
                    limit_usd=standing.limit_usd,
                    spent_usd=standing.spent_usd,
                    least_usd=price.wanted.least_usd,
                )
            case Occupied():
                await ports.clock.sleep(_POLL_S)


@dataclass(frozen=True, slots=True)
class _Price:
    wanted: Wanted
    input_usd: Decimal = Decimal(0)
    token_usd: Decimal = Decimal(0)

    def bounded(self, request: ModelRequest, amount_usd: Decimal) -> ModelRequest:
        """Return the request with an answer no longer than the amount pays for."""
        if self.wanted.most_usd is None:
            return request
        tokens = output_tokens_for(amount_usd, self.input_usd, self.token_usd)
        if tokens is None:
            return request
        return replace(request, max_output_tokens=min(tokens, _most(request)))


async def _price(provider: ModelProvider, request: ModelRequest) -> _Price:
    if not isinstance(provider, PricedProvider):
        return _Price(Wanted())
    tokens = input_bound(request.system, request.messages, request.tools)
    before = await provider.ceiling_usd(request.model, input_tokens=tokens, output_tokens=0)
    with_some = await provider.ceiling_usd(
        request.model, input_tokens=tokens, output_tokens=_SAMPLE
    )
    if before is None or with_some is None:
        return _Price(Wanted())
    a_token = (with_some - before) / _SAMPLE
    least = rounded_up(before + a_token * MIN_OUTPUT_TOKENS)
    most = rounded_up(before + a_token * _most(request))
    return _Price(Wanted(least, max(least, most)), before, a_token)


def _most(request: ModelRequest) -> int:
    """Return how long an answer may be: thinking comes on top of what is said."""
    thinking = request.reasoning.max_tokens if request.reasoning is not None else None
    return request.max_output_tokens or MOST_OUTPUT_TOKENS + (thinking or 0)

"""What a call cost."""

from decimal import Decimal

import pytest

from callboard.domain.message import TextPart
from callboard.domain.usage import Usage
from callboard.ports.model import ModelAnswer
from callboard.providers.prices import price_of, priced

pytestmark = pytest.mark.anyio

USAGE = Usage(input_tokens=1_000_000)


def answer(
    usage: Usage | None = USAGE, cost: Decimal | None = None, by: str | None = None
) -> ModelAnswer:
    return ModelAnswer((TextPart(text="Hi"),), "stop", usage, cost, by)


async def test_a_listed_model_has_a_price():
    assert (await priced(answer(), "anthropic", "claude-sonnet-4-5")).cost_usd is not None


async def test_cached_tokens_are_cheaper():
    cached = Usage(input_tokens=1_000_000, cache_read_tokens=1_000_000)
    dear, cheap = (price_of(usage, "anthropic", "claude-haiku-4-5") for usage in (USAGE, cached))
    assert dear is not None
    assert cheap is not None
    assert cheap < dear


async def test_the_providers_own_cost_wins():
    own = answer(cost=Decimal("0.5"))
    assert (await priced(own, "openrouter", "anthropic/claude-sonnet-4.5")).cost_usd == Decimal(
        "0.5"
    )


@pytest.mark.parametrize(
    ("given", "vendor", "model"),
    [
        (answer(), "openai", "no-such-model"),
        (answer(), "nobody", "gpt-5"),
        (answer(), None, "gpt-5"),
        (answer(usage=None), "openai", "gpt-5"),
    ],
)
async def test_what_is_not_known_stays_unknown(given, vendor, model):
    assert (await priced(given, vendor, model)).cost_usd is None


async def test_the_model_that_was_asked_prices_an_answer_under_another_name():
    named = answer(by="some-internal-name")
    assert (await priced(named, "anthropic", "claude-sonnet-4-5")).cost_usd is not None

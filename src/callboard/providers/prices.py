"""What a call cost, from the price list in the genai-prices package. No network, no updates."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from functools import cache
from types import ModuleType

from callboard.domain.usage import Usage, usd
from callboard.ports.model import ModelAnswer


async def priced(answer: ModelAnswer, vendor: str | None, model: str) -> ModelAnswer:
    """Return the answer with its cost filled in, where the vendor did not say and the list knows it.

    Args:
        answer: a whole answer; a cost that is there already stays.
        vendor: the price list's name of who is paid (`anthropic`, `openai`, `google`, `openrouter`);
            None: nobody's list applies.
        model: the model as the vendor calls it.
    """
    if answer.cost_usd is not None or answer.usage is None or vendor is None:
        return answer
    if not _price_list.cache_info().currsize:
        # The package takes a third of a second to import; other calls go on meanwhile.
        await asyncio.to_thread(_price_list)
    cost = price_of(answer.usage, vendor, answer.answered_by or model)
    if cost is None and answer.answered_by:
        cost = price_of(answer.usage, vendor, model)
    return replace(answer, cost_usd=cost, basis=None if cost is None else "estimated")


def price_of(usage: Usage, vendor: str, model: str) -> Decimal | None:
    """Return the list price of a call in US dollars, or None where the list does not know the model."""
    prices = _price_list()
    try:
        calculation = prices.calc_price(
            prices.Usage(
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cache_read_tokens=usage.cache_read_tokens,
                cache_write_tokens=usage.cache_write_tokens,
            ),
            model,
            provider_id=vendor,
        )
    except (LookupError, ValueError):
        return None
    return usd(calculation.total_price)


async def ceiling(
    vendor: str | None, model: str, *, input_tokens: int, output_tokens: int
) -> Decimal | None:
    """Return the most that a call of so many tokens costs at list price, or None where none is known.

    Writing all of the input to the prompt cache is what makes it dearest.
    """
    if vendor is None:
        return None
    if not _price_list.cache_info().currsize:
        await asyncio.to_thread(_price_list)
    tokens = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    written = tokens.model_copy(update={"cache_write_tokens": input_tokens})
    prices = [price_of(usage, vendor, model) for usage in (tokens, written)]
    known = [price for price in prices if price is not None]
    return max(known) if known else None


@cache
def _price_list() -> ModuleType:
    # Heavy, and runs with a scripted or self-hosted model never need it.
    import genai_prices  # noqa: PLC0415

    return genai_prices

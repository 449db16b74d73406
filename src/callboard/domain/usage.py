"""Tokens and money. Unknown is never zero: an unknown cost is None everywhere."""

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, PlainSerializer

from callboard.domain.frozen import Frozen, unchecked

NANO = Decimal("1e-9")

Basis = Literal["metered", "included", "estimated", "unknown"]
"""How a cost is known: the vendor said it, it is part of something paid for otherwise, it follows from a list
of prices, or it is not known."""


def usd(value: Decimal | float | str) -> Decimal:
    """Return an amount in US dollars, rounded to a billionth, so that sums are exact on every axis.

    Floats are read by their shortest decimal form (0.1 is a tenth), as providers mean them.
    """
    return Decimal(repr(value) if isinstance(value, float) else value).quantize(NANO)


_AMOUNTS: Final = (Decimal, float, int, str)


def _to_usd(value: object) -> object:
    if not isinstance(value, _AMOUNTS):
        return value
    try:
        return usd(value)
    except ArithmeticError:  # which pydantic does not take for a fault of the value
        raise ValueError("must be an amount in US dollars") from None


Usd = Annotated[
    Decimal,
    BeforeValidator(_to_usd),
    PlainSerializer(float, return_type=float, when_used="json"),
]
"""US dollars, exact to 1e-9; a JSON number on the wire."""


class Usage(Frozen):
    """Tokens of one model call as the provider counted them.

    `input_tokens` includes the cached ones; `cache_read_tokens` and `cache_write_tokens` say how many
    of them were read from or written to the provider's prompt cache. `reasoning_tokens` are part of
    `output_tokens`.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        theirs = vars(other)
        return unchecked(
            Usage, **{kind: count + theirs[kind] for kind, count in vars(self).items()}
        )


class Bill(Frozen):
    """Money spent so far: the part that is known, and whether some of it is not."""

    known_usd: Usd = Decimal(0)
    has_unknown: bool = False

    @property
    def total_usd(self) -> Decimal | None:
        """The total, or None where a part of it is unknown."""
        return None if self.has_unknown else self.known_usd

    def plus(self, cost_usd: Decimal | None) -> "Bill":
        """Return this bill with one more item, whose cost may be unknown."""
        if cost_usd is None:
            return self if self.has_unknown else Bill(known_usd=self.known_usd, has_unknown=True)
        return unchecked(Bill, known_usd=self.known_usd + cost_usd, has_unknown=self.has_unknown)

    def merged(self, other: "Bill") -> "Bill":
        """Return the sum of two bills."""
        return unchecked(
            Bill,
            known_usd=self.known_usd + other.known_usd,
            has_unknown=self.has_unknown or other.has_unknown,
        )

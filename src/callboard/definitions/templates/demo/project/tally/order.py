"""Orders: lines, and what they come to."""

from dataclasses import dataclass

from tally.money import to_cents


@dataclass(frozen=True)
class Line:
    """So many pieces of something at a price each."""

    name: str
    pieces: int
    price: float


def total(lines, discount_percent=0):
    """Return what an order comes to after the discount."""
    subtotal = sum(line.pieces * line.price for line in lines)
    return to_cents(subtotal * (100 - discount_percent) / 100)

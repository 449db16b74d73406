"""Amounts of money are numbers of euros with two decimal places."""


def to_cents(amount):
    """Round an amount to whole cents; half a cent is rounded up."""
    return int(amount * 100 + 0.5) / 100

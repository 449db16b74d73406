"""Round numbers for an axis."""

from math import ceil, floor, log10
from typing import Final

from callboard.web.render.words import Unit, usd

_STEPS: Final = (1, 2, 2.5, 5, 10)
_WHOLE: Final = (1, 2, 5, 10)
_TIMES: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1_800),
    *(3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800),
)
_MOST: Final = 5
_HIGHEST: Final = 1e15
_LOWEST: Final = 1e-9
"""What is smaller is nothing: an axis of it would have ticks that no number can tell apart."""


def ticks(largest: float, unit: Unit) -> tuple[float, ...]:
    """Return round numbers from 0 to at least `largest`: three to seven of them, at equal distances."""
    top = min(largest, _HIGHEST) if largest > _LOWEST else 1.0
    step = _step(top, unit)
    count = max(ceil(top / step - 1e-9), 1)
    return tuple(step * number for number in range(count + 1))


def _step(top: float, unit: Unit) -> float:
    rough = top / _MOST
    if unit == "seconds" and rough <= _TIMES[-1] and top >= _MOST:
        return float(next(size for size in _TIMES if size >= rough))
    if unit == "count" and rough <= 1:
        return 1.0
    size = 10.0 ** floor(log10(rough))
    choices = _WHOLE if unit == "count" else _STEPS
    return next(size * step for step in choices if size * step >= rough * (1 - 1e-9))


def tick_words(values: tuple[float, ...], unit: Unit) -> tuple[str, ...]:
    """Return the ticks in the unit of their highest, all with as many digits."""
    top = values[-1]
    match unit:
        case "usd":
            return tuple("$0" if not value else _dollars(value, values[1]) for value in values)
        case "percent":
            digits = 0 if values[1] >= 0.00999 else 1 if values[1] >= 0.000999 else 2
            return tuple(f"{value * 100:.{digits}f}%" for value in values)
        case "seconds":
            return _times(values, top)
        case "count":
            return tuple(
                f"{value:,.0f}" if value == int(value) else f"{value:g}" for value in values
            )


def _dollars(value: float, step: float) -> str:
    if step >= 1:
        return f"${value:,.0f}" if step == int(step) else f"${value:,.2f}"
    return f"${value:.2f}" if step >= 0.0999 or step in {0.01, 0.02, 0.05} else usd(value)


def _times(values: tuple[float, ...], top: float) -> tuple[str, ...]:
    size, word = next(
        (pair for pair in ((86_400, "d"), (3_600, "h"), (60, "min")) if top >= 2 * pair[0]),
        (1, "s"),
    )
    return tuple(f"{value / size:g} {word}" for value in values)

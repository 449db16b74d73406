"""Parameters by place, and many rows in one statement.

A third of the time that SQLite's driver needs for parameters by name goes into finding the names. And each statement lets
go of the interpreter's lock and asks for it again: with an event loop that is busy beside the writer, waiting for it was
most of what storing took, so rows are written a handful at a time (and what runs have to say all at once: see `at_once`).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final

_NAME: Final = re.compile(r":(\w+)")
_ROW: Final = re.compile(r"(?<=VALUES )\([?, ]+\)")
_SIZES: Final = (64, 16, 4, 1)
"""How many rows a statement may have: few different ones, so that SQLite keeps them all prepared."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement with its parameters by place, and what puts named ones in their order."""

    text: str
    in_order: Callable[[Mapping[str, Any]], tuple[Any, ...]]


@cache
def placed(statement: str) -> Placed:
    """Return a statement of `sql.py` with its parameters by place. Those have no colon but before a name; a test holds
    them to that.
    """
    names = _NAME.findall(statement)
    return Placed(_NAME.sub("?", statement), _ordered(names))


def _ordered(names: list[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda named: tuple(named[name] for name in names)


def together(text: str, rows: Sequence[Sequence[Any]]) -> Iterable[tuple[str, list[Any]]]:
    """Yield statements that do with some rows at a time, in their order, what one with parameters by place does with one;
    each with its parameters.
    """
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            yield _repeated(text, size), list(chain.from_iterable(rows[start : start + size]))
            start += size


def takes_rows(text: str) -> bool:
    """Return whether a statement with parameters by place takes its values as a row, and so could take several."""
    return _ROW.search(text) is not None


@cache
def _repeated(text: str, times: int) -> str:
    return _ROW.sub(lambda row: ", ".join([row[0]] * times), text)

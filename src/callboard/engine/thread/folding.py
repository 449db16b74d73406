"""Calls of one tool in a row are one row: what went well and is much the same is told once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from callboard.engine.thread.row import Called, Folded, Row
from callboard.engine.thread.words import SHELL, paths_of

FEWEST: Final = 3
"""So many calls are folded at least."""


def folded(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with calls folded. Commands never are, and what failed or is under way neither."""
    found: list[Row] = []
    for like, group in groupby(rows, _like):
        together = list(group)
        found += [_fold(together)] if like is not None and len(together) >= FEWEST else together
    return found


def _like(row: Row) -> tuple[str, str] | None:
    body = row.body
    if not isinstance(body, Called) or body.state != "done" or body.tool == SHELL or body.again:
        return None
    return row.run_id, body.tool


def _fold(rows: Sequence[Row]) -> Row:
    bodies = [row.body for row in rows if isinstance(row.body, Called)]
    files = frozenset[str]().union(*(paths_of(body.arguments or {}) for body in bodies))
    together = Folded(
        bodies[0].tool, tuple(rows), len(files), sum(body.took_ms or 0 for body in bodies)
    )
    facets = _all(row.facets for row in rows)
    touched = max(row.touched for row in rows)
    return replace(rows[0], body=together, touched=touched, facets=facets)


def _all(facets: Iterable[int]) -> int:
    found = 0
    for facet in facets:
        found |= facet
    return found

"""Aligned columns, as plain text."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from callboard.cli.plain import one_line

_WIDEST = 60


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a header and rows with their columns aligned; cells are cut where they are very long."""
    cells = [list(header), *([one_line(cell, _WIDEST) for cell in row] for row in rows)]
    widths = [max(cell_len(row[column]) for row in cells) for column in range(len(header))]
    return [
        "  ".join(
            set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]

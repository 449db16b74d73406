"""Run the benchmarks that are named, or all: `python -m benchmarks [turns] [growth] …`."""

import json
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

NAMES = (
    "turns",
    "growth",
    "providers",
    "programs",
    "sandbox",
    "policy",
    "redaction",
    "board",
    "live",
    "rendering",
    "soak",
    "chaos",
    "start",
)
RESULTS = Path(__file__).parent / "results"


def show(name: str, rows: list[dict[str, object]]) -> None:
    """Print a table and write the same rows as JSON."""
    table = Table(title=name)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(str(row.get(column, "")) for column in columns))
    Console().print(table)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(rows, indent=2) + "\n")


def main() -> None:
    """Run and show."""
    wanted = sys.argv[1:] or NAMES
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for name in wanted:
        show(name, import_module(f"benchmarks.{name}").main())


if __name__ == "__main__":
    main()

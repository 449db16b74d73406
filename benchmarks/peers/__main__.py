"""Install the peers, or measure beside them: `python -m benchmarks.peers install`, `python -m benchmarks.peers [CASE] …`."""

import asyncio
import sys
from collections.abc import Sequence

from benchmarks.peers.cases import CASES
from benchmarks.peers.environments import install
from benchmarks.tables import show


def main() -> None:
    """Do what is asked for, each case with its table; all of them where none is named."""
    wanted = sys.argv[1:] or list(CASES)
    if wanted == ["install"]:
        sys.exit(0 if install() else 1)
    unknown = [name for name in wanted if name not in CASES]
    if unknown:
        sys.exit(f"no such case: {', '.join(unknown)}; there are install, {', '.join(CASES)}")
    beside_peers(wanted)


def beside_peers(cases: Sequence[str]) -> None:
    """Measure cases and show them."""
    for name in cases:
        show(f"peers-{name}", asyncio.run(CASES[name]()))


if __name__ == "__main__":
    main()

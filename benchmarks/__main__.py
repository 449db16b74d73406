"""Run the benchmarks that are named, or all: `python -m benchmarks [turns] [growth] …`."""

import sys
from importlib import import_module

from benchmarks.peers.__main__ import beside_peers
from benchmarks.peers.cases import CASES
from benchmarks.peers.environments import PLACE
from benchmarks.tables import show

NAMES = (
    "turns",
    "growth",
    "providers",
    "programs",
    "sandbox",
    "travel",
    "policy",
    "redaction",
    "board",
    "effects",
    "workers",
    "wake",
    "room",
    "live",
    "rendering",
    "soak",
    "chaos",
    "start",
    "scale",
)


def main() -> None:
    """Run and show; the peers as well, where nothing is named and they are installed."""
    wanted = sys.argv[1:] or NAMES
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for name in wanted:
        show(name, import_module(f"benchmarks.{name}").main())
    if not sys.argv[1:] and PLACE.exists():
        beside_peers(list(CASES))
    elif not sys.argv[1:]:
        print("beside others: python -m benchmarks.peers install", file=sys.stderr)


if __name__ == "__main__":
    main()

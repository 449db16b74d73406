"""What it costs to begin: importing the package, and the first lines of help."""

import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROUNDS = 9


def _median_ms(command: list[str]) -> float:
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[ROUNDS // 2]


def main() -> list[dict[str, object]]:
    """Measure whole processes; an empty interpreter is taken off the import."""
    empty = _median_ms([sys.executable, "-c", ""])
    imported = _median_ms([sys.executable, "-c", "import callboard"])
    command = str(Path(sysconfig.get_path("scripts")) / "callboard")
    return [
        {"what": "python -c ''", "ms": round(empty), "target": ""},
        {"what": "import callboard", "ms": round(max(imported - empty, 0)), "target": "≤ 50"},
        {
            "what": "callboard --help, the whole process",
            "ms": round(_median_ms([command, "--help"])),
            "target": "≤ 200",
        },
        {
            "what": "callboard agents list, the whole process",
            "ms": round(_median_ms([command, "agents", "list"])),
            "target": "",
        },
    ]

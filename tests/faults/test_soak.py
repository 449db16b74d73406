"""A worker that is killed at random moments under twenty runs leaves books that agree."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_after_kills_at_random_moments_every_ledger_says_the_same():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "kill", "8"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert "first difference" not in found
    assert found["kills"] == 8
    assert found["taken up again"] > 0

"""What every runner shares: it reads commands as JSON lines and answers with what they cost.

Only the standard library: this runs in the environments of the peers, beside nothing of ours.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

CLOCK: list[float] = []
"""The process's CPU time at each call of the tool, in seconds."""
LEDGER = Path(sys.argv[2]) / "ledger"
"""Where calls of the tool are written down, if it is there: for whoever counts them after a crash."""
COUNTED = LEDGER.exists()


def look(path: str) -> str:
    """Do what the tool of every runner does: next to nothing."""
    CLOCK.append(time.process_time())
    if COUNTED:
        with LEDGER.open("a", encoding="utf-8") as ledger:
            ledger.write(path + "\n")
    return json.dumps({path: None})


def resident_kib() -> int:
    """Return the memory that this process holds now."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


class Runner:
    """What a runner can do. `run` drives one agent until it says something; others only where a peer can."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.home = home

    async def open(self) -> None:
        """Get ready."""

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """Run one agent to its end."""
        raise NotImplementedError

    async def wait(self, key: str, model: str) -> None:
        """Run an agent until it waits for a person."""
        raise NotImplementedError

    async def wake(self, key: str) -> None:
        """Decide for the person, and run the agent to its end."""
        raise NotImplementedError

    async def recover(self) -> None:
        """Finish whatever another process left behind."""
        raise NotImplementedError


async def _runs(runner: Runner, wish: dict) -> dict:
    one = asyncio.Semaphore(wish.get("at_once") or wish["runs"])

    async def single(number: int) -> None:
        async with one:
            await runner.run(f"{wish['key']}-{number}", wish["model"], stream=wish["stream"])

    await asyncio.gather(*(single(number) for number in range(wish["runs"])))
    return {}


async def _waiting(runner: Runner, wish: dict) -> dict:
    before = resident_kib()
    for first in range(0, wish["runs"], 50):
        keys = [f"{wish['key']}-{number}" for number in range(first, first + 50)]
        await asyncio.gather(*(runner.wait(key, wish["model"]) for key in keys))
    return {"grew_kib": resident_kib() - before}


async def _idle(runner: Runner, wish: dict) -> dict:
    del runner
    await asyncio.sleep(wish["seconds"])
    return {}


async def _wake(runner: Runner, wish: dict) -> dict:
    await runner.wake(wish["key"])
    return {}


async def _recover(runner: Runner, wish: dict) -> dict:
    del wish
    await runner.recover()
    return {}


_DOES = {"runs": _runs, "waiting": _waiting, "idle": _idle, "wake": _wake, "recover": _recover}


async def _serve(runner: Runner) -> None:
    await runner.open()
    loop = asyncio.get_running_loop()
    _say({"resident_kib": resident_kib()})
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        wish = json.loads(line)
        CLOCK.clear()
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            told = await _DOES[wish["do"]](runner, wish)
        except Exception as error:  # noqa: BLE001 - a row that says so
            _say({"error": f"{type(error).__name__}: {error}"[:300]})
            continue
        told |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        told |= {"resident_kib": resident_kib(), "peak_kib": peak}
        _say(told | ({"clock": list(CLOCK)} if wish.get("clock") else {}))


def _say(told: dict) -> None:
    sys.stdout.write("@" + json.dumps(told) + "\n")
    sys.stdout.flush()


def serve(kind: type[Runner]) -> None:
    """Serve one runner: `RUNNER.py URL HOME`."""
    asyncio.run(_serve(kind(sys.argv[1], Path(sys.argv[2]))))

"""A process that takes room under a limit again and again, and writes down in a file how many have it."""

import asyncio
import fcntl
import os
import sys
import tempfile
from pathlib import Path

from callboard.engine.pacing import Ask
from callboard.runtime.slots import Slots
from callboard.runtime.system import SystemClock
from callboard.stores.postgres.store import PostgresEventStore
from callboard.stores.relational.store import RelationalStore
from callboard.stores.sqlite.store import SqliteEventStore

ASKS = (Ask("provider:p"), Ask("model:m", 3))


async def opened(database: str, lease_s: float = 1.0) -> RelationalStore:
    if not database.startswith("postgresql:"):
        return await SqliteEventStore.open(Path(database))
    home = Path(tempfile.mkdtemp(prefix="callboard-taker-"))  # a machine of its own
    return await PostgresEventStore.open(database, home, lease_s=lease_s)


def count(path: Path, change: int) -> int:
    """Add to the number in a file that all processes share; return what it is then."""
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        number = int(file.read() or 0) + change
        file.seek(0)
        file.truncate()
        file.write(str(number))
    return number


def say(value: object) -> None:
    sys.stdout.write(f"{value}\n")
    sys.stdout.flush()


async def take(slots: Slots, holder: str, counter: Path) -> int:
    """Hold room for a moment, and for as long as there is a file that says so."""
    async with slots.held(holder, ASKS):
        most = count(counter, 1)
        await asyncio.sleep(0)
        while counter.with_name("hold").exists():  # noqa: ASYNC110 - another process takes it away
            await asyncio.sleep(0.01)
        count(counter, -1)
    return most


async def main(database: str, counter: str, calls: int, lease_s: float = 1.0) -> None:
    store = await opened(database, lease_s)
    say("ready")
    slots = Slots(store.limiter, SystemClock())
    names = [f"{os.getpid()}-{number}" for number in range(calls)]
    work = [take(slots, name, Path(counter)) for name in names]
    say(max(await asyncio.gather(*work)))
    await store.close()


async def hold(database: str) -> None:
    store = await opened(database)
    say(await store.limiter.take("dying", ASKS))
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        asyncio.run(hold(sys.argv[2]))
    else:
        asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *map(float, sys.argv[4:])))

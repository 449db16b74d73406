"""A process that appends to one run once for every line that it is sent: `paced_driver.py DATABASE RUN`."""

import asyncio
import sys
from pathlib import Path

from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.store.samples import SampleLog


async def drive(database: Path, run_id: str) -> None:
    store, log = await SqliteEventStore.open(database), SampleLog(run_id)
    claim = await log.created_in(store)
    while await asyncio.to_thread(sys.stdin.readline):
        await store.append(log.batch(claim.epoch, 3))
        sys.stdout.write(f"{log.seq}\n")
        sys.stdout.flush()
    await store.close()


asyncio.run(drive(Path(sys.argv[1]), sys.argv[2]))

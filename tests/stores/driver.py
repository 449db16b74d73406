"""A process that drives one run until it is killed: `driver.py DATABASE RUN`."""

import asyncio
import sys
from pathlib import Path

from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.store.samples import SampleLog


async def drive(database: Path, run_id: str) -> None:
    store, log = await SqliteEventStore.open(database), SampleLog(run_id)
    claim = await log.created_in(store)
    while True:
        await store.append(log.batch(claim.epoch, 3))
        sys.stdout.write(f"{log.seq}\n")
        sys.stdout.flush()


asyncio.run(drive(Path(sys.argv[1]), sys.argv[2]))

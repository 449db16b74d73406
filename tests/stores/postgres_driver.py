"""A process that drives one run until it is killed: `postgres_driver.py URL HOME RUN`."""

import asyncio
import sys
from pathlib import Path

from callboard.stores.postgres.store import PostgresEventStore
from callboard.testing.store.samples import SampleLog


async def drive(url: str, home: Path, run_id: str) -> None:
    store, log = await PostgresEventStore.open(url, home, lease_s=3_600), SampleLog(run_id)
    claim = await log.created_in(store)
    while True:
        await store.append(log.batch(claim.epoch, 3))
        sys.stdout.write(f"{log.seq}\n")
        sys.stdout.flush()


asyncio.run(drive(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))

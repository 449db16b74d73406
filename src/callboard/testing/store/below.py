"""What every event store does about runs below others."""

# ruff: noqa: D102 - the names of the tests are their sentences

from collections.abc import Awaitable, Callable

import pytest

from callboard.domain.errors import Fenced
from callboard.ports.event_store import EventStore
from callboard.testing.store.samples import SampleLog

Open = Callable[[], Awaitable[EventStore]]


class BelowContract:
    """The part of `EventStoreContract` that is about runs below others."""

    async def test_a_run_below_one_that_another_process_took_over_is_not_claimed(
        self, open_store: Open
    ) -> None:
        driver, other = await open_store(), await open_store()
        above, below = SampleLog("r1"), SampleLog("r1-a", root_id="r1", parent_id="r1")
        lost = await above.created_in(driver)
        await driver.release(await below.created_in(driver))
        await driver.release(lost)
        held = await other.claim("r1")
        with pytest.raises(Fenced):
            await driver.claim("r1-a", lost)
        assert (await other.claim("r1-a", held)).epoch == 2

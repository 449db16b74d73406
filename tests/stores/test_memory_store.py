import pytest

from callboard.testing.store.contract import EventStoreContract
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore

pytestmark = pytest.mark.anyio


class TestMemoryEventStore(EventStoreContract):
    @pytest.fixture
    def open_store(self):
        disk = MemoryDisk()

        async def another():
            return MemoryEventStore(disk)

        return another

"""Dispatch through workflows of DBOS in a real PostgreSQL."""

import pytest

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.submission import Submission
from callboard.runtime.system import SystemClock
from callboard.testing.dispatch import Advances, SharedDispatcherContract
from tests.unused import unused_port

pytest.importorskip("dbos")

from callboard.stores.dispatch.dbos import DbosDispatcher

pytestmark = pytest.mark.anyio
BOUND_S = 60


@pytest.fixture
async def dispatcher(postgres_url):
    dispatcher = DbosDispatcher(postgres_url, SystemClock())
    yield dispatcher
    await dispatcher.close()


@pytest.fixture
async def other(postgres_url):
    dispatcher = DbosDispatcher(postgres_url, SystemClock())
    yield dispatcher
    await dispatcher.close()


class TestDbosDispatcher(SharedDispatcherContract):
    pass


async def test_a_database_that_is_not_there_is_said_so():
    port = unused_port()
    dispatcher = DbosDispatcher(f"postgresql://nobody@127.0.0.1:{port}/nothing", SystemClock())
    advances = Advances()
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_DATABASE_URL"):
        await dispatcher.start(advances, advances.look, 1)
    await dispatcher.submit(Submission("lost"))
    await dispatcher.close()

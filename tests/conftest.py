import asyncio

import pytest

from callboard.testing.postgres import PostgresServer


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _alone(request):
    """Hide the loop that a browser's driver leaves running in this worker from tests that run loops of their own."""
    loop = None if "chromium" in request.fixturenames else asyncio._get_running_loop()
    if loop is None:
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture(scope="session")
def postgres_server():
    """One PostgreSQL for all tests of this worker that share it."""
    server = PostgresServer.begin()
    yield server
    server.remove()


@pytest.fixture
def postgres_url(postgres_server):
    """The address of a fresh, empty database."""
    return postgres_server.new_database()

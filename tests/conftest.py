import asyncio
import os

import pytest
from hypothesis import HealthCheck, settings

from callboard.stores.postgres.migrate import ensure_usable
from callboard.stores.postgres.place import PostgresPlace
from callboard.testing.postgres import PostgresServer

# How long an example takes, and how long making it, says how busy the machine is.
OF_THE_MACHINE = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile("callboard", deadline=None, suppress_health_check=OF_THE_MACHINE)
settings.register_profile("fixed", settings.get_profile("callboard"), derandomize=True)
settings.load_profile("callboard")


def pytest_xdist_auto_num_workers() -> int | None:
    """Return how many tests run side by side: one more than there are cores, as many wait for a disk or a process."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (cores or 1) + 1


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
    server = PostgresServer.begin(in_memory=True)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def postgres_template(postgres_server):
    """The name of a database that has our tables and nothing in them."""
    url = postgres_server.new_database()
    place = PostgresPlace.of(url)
    ensure_usable(place, patience_s=30)
    return url.rpartition("/")[2]


@pytest.fixture
def postgres_database(postgres_server, postgres_template):
    """The address of a fresh database with our tables."""
    url = postgres_server.new_database(template=postgres_template)
    yield url
    postgres_server.drop(url)


@pytest.fixture
def postgres_url(postgres_server):
    """The address of a fresh, empty database."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop(url)

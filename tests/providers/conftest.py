"""Fixtures of the provider tests."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from callboard.ports.model import ModelProvider
from callboard.providers.endpoints import Endpoint, build_provider
from callboard.providers.wire.transport import HttpTransport, Timeouts
from callboard.testing.model.loopback import LoopbackEndpoint


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def server() -> AsyncIterator[LoopbackEndpoint]:
    async with LoopbackEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    made = HttpTransport()
    yield made
    await made.close()


@pytest.fixture
async def hasty() -> AsyncIterator[HttpTransport]:
    made = HttpTransport(Timeouts(connect_s=1, first_byte_s=0.05, idle_s=0.05, total_s=5))
    yield made
    await made.close()


@pytest.fixture
def key() -> SecretStr:
    return SecretStr("sk-very-secret-key")


@pytest.fixture
def openrouter(server: LoopbackEndpoint, transport: HttpTransport, key: SecretStr) -> ModelProvider:
    return build_provider(Endpoint("openrouter", key, server.url + "/api/v1"), transport)


@pytest.fixture
def anthropic(server: LoopbackEndpoint, transport: HttpTransport, key: SecretStr) -> ModelProvider:
    return build_provider(Endpoint("anthropic", key, server.url), transport)


@pytest.fixture
def gemini(server: LoopbackEndpoint, transport: HttpTransport, key: SecretStr) -> ModelProvider:
    return build_provider(Endpoint("gemini", key, server.url), transport)

import pytest

from tests.archive.deployment import deployed


@pytest.fixture
async def there(tmp_path, anyio_backend):
    async with deployed(tmp_path) as found:
        yield found

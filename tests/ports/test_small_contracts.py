"""The adapters and doubles of the smaller ports, held to their contracts."""

from collections.abc import AsyncIterator

import pytest

from callboard.bootstrap import Sources, open_registry
from callboard.definitions.resolver import AgentResolver
from callboard.definitions.schema import JsonSchemas
from callboard.domain.definition.agent import AgentDefinition
from callboard.ports.clock import Clock, IdSource
from callboard.ports.registry import AgentRegistry
from callboard.ports.releases import Releases
from callboard.ports.schemas import Schemas
from callboard.ports.tools import ToolCatalog
from callboard.runtime.system import SystemClock, TimeSortedIds
from callboard.settings import read_settings
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.clock import CountingIds, FakeClock
from callboard.testing.registry import AgentRegistryContract
from callboard.testing.releases import MemoryReleases, ReleasesContract
from callboard.testing.rig import FixedRegistry
from callboard.testing.schemas import SchemasContract
from callboard.testing.time import ClockContract, IdSourceContract
from callboard.testing.tools import ToolCatalogContract
from callboard.testing.world import LedgerTools, World
from callboard.tools.catalog import built_in_tools


class TestBuiltInTools(ToolCatalogContract):
    @pytest.fixture
    def catalog(self) -> ToolCatalog:
        return built_in_tools()


class TestLedgerTools(ToolCatalogContract):
    @pytest.fixture
    def catalog(self) -> ToolCatalog:
        return LedgerTools(World())


@pytest.mark.anyio
class TestAgentResolver(AgentRegistryContract):
    @pytest.fixture
    def registry(self, tmp_path) -> AgentRegistry:
        settings = read_settings({"CALLBOARD_HOME": str(tmp_path)})
        sources = Sources(workspace=tmp_path)
        return AgentResolver(
            lambda: open_registry(settings, sources, shipped=False),
            MemoryReleases(),
            lambda: open_registry(settings, sources),
        )


@pytest.mark.anyio
class TestMemoryReleases(ReleasesContract):
    @pytest.fixture
    def releases(self) -> Releases:
        return MemoryReleases()


@pytest.mark.anyio
class TestSqliteReleases(ReleasesContract):
    @pytest.fixture
    async def releases(self, tmp_path) -> AsyncIterator[Releases]:
        store = await SqliteEventStore.open(tmp_path / "callboard.db")
        yield store.releases
        await store.close()


@pytest.mark.anyio
class TestFixedRegistry(AgentRegistryContract):
    @pytest.fixture
    def registry(self) -> AgentRegistry:
        one = AgentDefinition(id="one", display_name="One", model="scripted/one")
        return FixedRegistry({"one": one})


class TestJsonSchemas(SchemasContract):
    @pytest.fixture
    def schemas(self) -> Schemas:
        return JsonSchemas()


@pytest.mark.anyio
class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


@pytest.mark.anyio
class TestFakeClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return FakeClock()


class TestTimeSortedIds(IdSourceContract):
    @pytest.fixture
    def ids(self) -> IdSource:
        return TimeSortedIds()


class TestCountingIds(IdSourceContract):
    @pytest.fixture
    def ids(self) -> IdSource:
        return CountingIds()

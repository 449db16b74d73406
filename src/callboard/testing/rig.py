"""A whole Callboard of test doubles: the real engine and runtime over a world in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.message import JsonObject
from callboard.domain.policy import PolicyLayer
from callboard.ports.budgets import Budgets
from callboard.ports.casting import Casting
from callboard.ports.clock import Clock
from callboard.ports.dispatcher import Dispatcher
from callboard.ports.event_store import EventStore
from callboard.ports.forge import Forge
from callboard.ports.limiter import Limiter
from callboard.ports.model import ModelDirectory, ModelProvider, NamedModels
from callboard.ports.passwords import Passwords
from callboard.ports.policies import Policies
from callboard.ports.programs import Programs
from callboard.ports.records import Records
from callboard.ports.registry import AgentRegistry
from callboard.ports.releases import Releases
from callboard.ports.schemas import Schemas
from callboard.ports.threads import Threads
from callboard.ports.tools import ToolCatalog
from callboard.ports.unattended import Unattended
from callboard.ports.vault import Vault
from callboard.ports.web import Fetcher
from callboard.ports.workspace import Workspaces
from callboard.runtime.driver import Driver
from callboard.runtime.live import Live
from callboard.runtime.ports import Ports
from callboard.runtime.roster_casting import CastingSources, RosterCasting
from callboard.runtime.slots import Slots
from callboard.stores.dispatch.embedded import EmbeddedDispatcher
from callboard.stores.relational.store import RelationalStore
from callboard.testing.budgets import MemoryBudgets
from callboard.testing.clock import CountingIds, PatientClock
from callboard.testing.limiter import MemoryLimiter
from callboard.testing.operations import MemoryOperations
from callboard.testing.passwords import CountingChance, PlainPasswords
from callboard.testing.programs import TrustedPrograms
from callboard.testing.records import MemoryRecords
from callboard.testing.releases import MemoryReleases
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.store.memory_threads import MemoryThreads
from callboard.testing.unattended import LookAtAll
from callboard.testing.vault import MemoryVault
from callboard.testing.world import LedgerTools, World, WorldWorkspaces
from callboard.usecases.app import App

ANN = Actor(kind="person", name="ann")
BEN = Actor(kind="person", name="ben")


@dataclass(frozen=True, slots=True)
class FixedRegistry:
    """Agents from a list; a reference is a bare id."""

    agents: Mapping[str, AgentDefinition]

    async def get(self, reference: str, *, space: str = "") -> AgentDefinition | None:
        """Return an agent by id, whatever the space."""
        del space
        return self.agents.get(reference)

    async def all(self) -> tuple[AgentDefinition, ...]:
        """Return all agents."""
        return tuple(self.agents.values())


@dataclass(frozen=True, slots=True)
class OneProvider:
    """One provider for every model."""

    provider: ModelProvider

    async def provider_for(
        self, definition: AgentDefinition, model: str, *, space: str = ""
    ) -> ModelProvider:
        """Return the provider."""
        del definition, model, space
        return self.provider

    async def close(self) -> None:
        """Nothing to close."""


@dataclass(frozen=True, slots=True)
class FixedChains:
    """Chains of models by name; as `chain/<name>` in definitions."""

    chains: Mapping[str, tuple[ModelChoice, ...]] = field(
        default_factory=dict[str, tuple[ModelChoice, ...]]
    )

    async def known(self) -> NamedModels:
        """Return the chains."""
        return NamedModels(chains=self.chains)

    async def chain(self, definition: AgentDefinition) -> tuple[ModelChoice, ...]:
        """Return the chain that a definition names, none where its model is no chain."""
        return self.chains.get(definition.model.removeprefix("chain/"), ())


@dataclass(frozen=True, slots=True)
class RequiredOnly:
    """The one rule of JSON Schema that engine tests need: `required`."""

    def issues(self, schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
        """Name the missing fields."""
        required = schema.get("required")
        names = required if isinstance(required, list) else []
        fields = value if isinstance(value, dict) else {}
        return tuple(f"{name}: is missing" for name in names if str(name) not in fields)


@dataclass(frozen=True, slots=True)
class FixedPolicies:
    """The same rules for every workspace."""

    fixed: tuple[PolicyLayer, ...] = ()

    async def layers(self, workspace: str) -> tuple[PolicyLayer, ...]:
        """Return the rules."""
        del workspace
        return self.fixed


def rig(
    provider: ModelProvider,
    *agents: AgentDefinition,
    world: World | None = None,
    store: EventStore | None = None,
    clock: Clock | None = None,
    tools: ToolCatalog | None = None,
    workspaces: Workspaces | None = None,
    schemas: Schemas | None = None,
    programs: Programs | None = None,
    registry: AgentRegistry | None = None,
    policies: Policies | None = None,
    budgets: Budgets | None = None,
    limiter: Limiter | None = None,
    releases: Releases | None = None,
    vault: Vault | None = None,
    models: ModelDirectory | None = None,
    casting: Casting | None = None,
    records: Records | None = None,
    passwords: Passwords | None = None,
    fetcher: Fetcher | None = None,
    forge: Forge | None = None,
    chains: Mapping[str, tuple[ModelChoice, ...]] | None = None,
    dispatcher: Dispatcher | None = None,
) -> App:
    """Return an app over test doubles; anything given takes the place of its double."""
    outside = world or World()
    known = registry or FixedRegistry({agent.id: agent for agent in agents})
    directory = models or OneProvider(provider)
    logs, time = store or MemoryEventStore(), clock or PatientClock()
    kept = records or MemoryRecords()
    names, accounts = FixedChains(chains or {}), budgets or MemoryBudgets()
    limits = limiter or MemoryLimiter(time)
    roster = CastingSources(kept, known, directory, names, logs, accounts, limits, time)
    ports = Ports(
        store=logs,
        clock=time,
        models=directory,
        names=names,
        tools=tools or LedgerTools(outside),
        registry=known,
        casting=casting or RosterCasting(roster),
        workspaces=workspaces or WorldWorkspaces(outside),
        schemas=schemas or RequiredOnly(),
        policies=policies or FixedPolicies(),
        budgets=accounts,
        live=Live(),
        slots=Slots(limits, time),
        programs=programs or TrustedPrograms(),
        fetcher=fetcher,
        forge=forge,
    )
    app = _app_on(ports, kept)
    return replace(
        app,
        releases=releases or app.releases,
        vault=vault or app.vault,
        passwords=passwords or app.passwords,
        dispatcher=dispatcher or app.dispatcher,
    )


def _app_on(ports: Ports, records: Records) -> App:
    """Return an app whose other parts are doubles."""
    return App(
        ports=ports,
        driver=Driver(ports),
        releases=MemoryReleases(),
        records=records,
        threads=_threads_of(ports.store),
        vault=MemoryVault(),
        passwords=PlainPasswords(),
        chance=CountingChance(),
        ids=CountingIds(),
        copies="/copies",
        dispatcher=EmbeddedDispatcher(ports.clock),
        unattended=_unattended_in(ports.store, records),
        operations=MemoryOperations(ports.store, records),
    )


def _threads_of(logs: EventStore) -> Threads:
    """Return the threads of a store in memory, or of one in a database."""
    if isinstance(logs, RelationalStore):
        return logs.threads
    return MemoryThreads(logs.disk if isinstance(logs, MemoryEventStore) else MemoryDisk())


def _unattended_in(logs: EventStore, records: Records) -> Unattended:
    """Return what finds work in a database that holds both, or by a look at everything."""
    if isinstance(logs, RelationalStore) and logs.records is records:
        return logs.unattended
    return LookAtAll(logs, records)

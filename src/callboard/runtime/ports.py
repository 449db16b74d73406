"""Everything the runtime works through, in one value that bootstrap fills in."""

from dataclasses import dataclass, field

from callboard.ports.budgets import Budgets
from callboard.ports.casting import Casting
from callboard.ports.clock import Clock
from callboard.ports.event_store import EventStore
from callboard.ports.forge import Forge
from callboard.ports.model import ModelDirectory, ModelNames
from callboard.ports.policies import Policies
from callboard.ports.programs import Programs
from callboard.ports.registry import AgentRegistry
from callboard.ports.schemas import Schemas
from callboard.ports.tools import ToolCatalog
from callboard.ports.web import Fetcher
from callboard.ports.workspace import Workspaces
from callboard.runtime.handover import Handover
from callboard.runtime.live import Live
from callboard.runtime.slots import Slots


@dataclass(frozen=True, slots=True)
class Ports:
    """The runtime's view of the world."""

    store: EventStore
    clock: Clock
    models: ModelDirectory
    names: ModelNames
    casting: Casting
    tools: ToolCatalog
    registry: AgentRegistry
    workspaces: Workspaces
    schemas: Schemas
    policies: Policies
    budgets: Budgets
    programs: Programs
    live: Live
    slots: Slots
    fetcher: Fetcher | None = None
    forge: Forge | None = None
    handover: Handover = field(default_factory=Handover)

"""From settings to an app."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from callboard.bootstrap.access import PasswordsOnDemand, chance
from callboard.bootstrap.archive import open_archive
from callboard.bootstrap.database import open_store
from callboard.bootstrap.dispatch import open_dispatcher
from callboard.bootstrap.elsewhere import Definitions, open_resolver
from callboard.bootstrap.models import ModelsOnDemand
from callboard.bootstrap.places import FilePlaces, file_places, open_forge, tool_services
from callboard.bootstrap.programs import ProgramsOnDemand
from callboard.bootstrap.proof import open_proof
from callboard.bootstrap.sources import Additions, Sources, check_folders
from callboard.bootstrap.traces import open_traces
from callboard.bootstrap.vault import open_vault
from callboard.domain.errors import ConfigurationInvalid
from callboard.runtime.driver import Driver
from callboard.runtime.live import Live
from callboard.runtime.ports import Ports
from callboard.runtime.roster_casting import CastingSources, RosterCasting
from callboard.runtime.slots import Slots
from callboard.runtime.system import SystemClock, TimeSortedIds, relax_collector
from callboard.settings import Settings
from callboard.usecases.app import App

if TYPE_CHECKING:
    from callboard.ports.vault import Vault
    from callboard.stores.relational.store import RelationalStore


async def build_app(
    settings: Settings, sources: Sources, additions: Additions | None = None
) -> App:
    """Build everything that a command needs to run agents.

    Raises:
        ConfigurationInvalid: the home directory or the database cannot be used.
    """
    from callboard.definitions.model_names import FileModelNames
    from callboard.definitions.policies import FilePolicies
    from callboard.definitions.schema import JsonSchemas
    from callboard.tools.catalog import built_in_tools

    _make_home(settings.home)
    relax_collector()
    added = additions or Additions()
    check_folders(sources)
    store = await open_store(settings, added)
    clock = added.clock or SystemClock()
    vault = open_vault(settings, store.credentials, clock)
    files = file_places(settings, vault, store.tree_packs, added.workspaces)
    registry = open_resolver(settings, sources, added, store)
    models = ModelsOnDemand(settings, sources, added.providers, vault)
    services = tool_services(settings, registry)
    names = FileModelNames((settings.home, *sources.folders))
    found = (store.records, registry, models, names, store, store.budgets, store.limiter, clock)
    ports = Ports(
        store=store,
        clock=clock,
        models=models,
        names=names,
        casting=RosterCasting(CastingSources(*found, settings.provider_runs)),
        tools=built_in_tools(services).with_added(added.tools),
        registry=registry,
        workspaces=files.workspaces,
        schemas=JsonSchemas(),
        policies=FilePolicies(settings.home, sources.agents, files.where),
        budgets=store.budgets,
        live=Live(),
        slots=Slots(store.limiter, clock),
        fetcher=services.fetcher,
        forge=open_forge(settings),
        programs=ProgramsOnDemand(settings),
    )
    app = _app_on(settings, ports, store, vault, files)
    brings = bool(added.agents or added.tools or added.providers)
    elsewhere = Definitions(settings, added, store, files, app)
    return replace(app, place=files.place, brings=brings, elsewhere=elsewhere)


def _app_on(
    settings: Settings, ports: Ports, store: "RelationalStore", vault: "Vault", files: FilePlaces
) -> App:
    """Return the app on its ports."""
    return App(
        ports=ports,
        driver=Driver(ports),
        releases=store.releases,
        records=store.records,
        threads=store.threads,
        vault=vault,
        passwords=PasswordsOnDemand(),
        chance=chance(),
        ids=TimeSortedIds(),
        copies=str(settings.home / "workspaces"),
        dispatcher=open_dispatcher(settings, ports.clock),
        unattended=store.unattended,
        operations=store.operations,
        telemetry=open_traces(settings, store, ports.live),
        engine=store.engine,
        proof=open_proof(settings, store.anchors, files.trees),
        archive=open_archive(settings, store.shelf),
    )


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        why = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise ConfigurationInvalid(
            f"CALLBOARD_HOME {home} cannot be used: {why}; set CALLBOARD_HOME to a directory "
            "that you may write"
        ) from None

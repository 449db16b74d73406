"""Definitions of a directory, and the same app with those of another one."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from callboard.bootstrap.definitions import open_registry, shipped_agents
from callboard.bootstrap.places import FilePlaces, tool_services
from callboard.bootstrap.sources import Additions, Sources, check_folders
from callboard.domain.errors import ConfigurationInvalid
from callboard.runtime.driver import Driver
from callboard.runtime.roster_lookup import RosterLookup
from callboard.settings import Settings
from callboard.usecases.app import App

if TYPE_CHECKING:
    from callboard.definitions.resolver import AgentResolver
    from callboard.stores.relational.store import RelationalStore


@dataclass(frozen=True, slots=True)
class Definitions:
    """`callboard.usecases.app.Elsewhere` over what an app was built of."""

    settings: Settings
    added: Additions
    store: "RelationalStore"
    files: FilePlaces
    app: App

    def __call__(self, workspace: str, folders: tuple[str, ...]) -> App:
        """See `Elsewhere`."""
        from callboard.definitions.model_names import FileModelNames
        from callboard.definitions.policies import FilePolicies
        from callboard.tools.catalog import built_in_tools

        settings, store = self.settings, self.store
        if settings.sandbox == "off":
            raise ConfigurationInvalid(
                "commands are not confined here (CALLBOARD_SANDBOX=off), and nobody said so for its directory"
            )
        sources = Sources(Path(workspace), tuple(map(Path, folders)))
        check_folders(sources)
        registry = open_resolver(settings, sources, self.added, store)
        ports = replace(
            self.app.ports,
            names=FileModelNames((settings.home, *sources.folders)),
            tools=built_in_tools(tool_services(settings, registry)).with_added(self.added.tools),
            registry=registry,
            policies=FilePolicies(settings.home, sources.agents, self.files.where),
        )
        return replace(self.app, ports=ports, driver=Driver(ports), elsewhere=None)


def open_resolver(
    settings: Settings, sources: Sources, added: Additions, store: "RelationalStore"
) -> "AgentResolver":
    """Return what knows agents: those of folders, those that were published, those of the roster and the shipped ones."""
    from callboard.definitions.resolver import AgentResolver

    return AgentResolver(
        partial(open_registry, settings, sources, shipped=False, tools=tuple(added.tools)),
        store.releases,
        shipped_agents,
        added.agents,
        RosterLookup(store.records),
    )

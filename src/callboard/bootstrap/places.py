"""What tools work through: the web and the workspaces."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.definitions.policies import Where
    from callboard.ports.file_trees import FileTrees
    from callboard.ports.forge import Forge
    from callboard.ports.registry import AgentRegistry
    from callboard.ports.tool_services import ToolServices
    from callboard.ports.tree_packs import TreePacks
    from callboard.ports.vault import Vault
    from callboard.ports.way_out import WayOut
    from callboard.ports.workspace import Workspaces


def tool_services(settings: Settings, registry: "AgentRegistry") -> "ToolServices":
    """Return what tools reach beside the workspace; nothing is started before it is used."""
    from callboard.ports.tool_services import ToolServices
    from callboard.web_access.on_demand import WebOnDemand, WebOptions

    configured = settings.web
    web = WebOnDemand(
        WebOptions(
            allow=configured.allow,
            search=configured.search,
            search_url=configured.search_url,
            search_key=configured.search_key,
            context7_key=configured.context7.api_key,
            context7_url=configured.context7.base_url,
            chromium=configured.chromium,
            own_pages=configured.browser_loopback,
            confined=settings.sandbox == "required",
        )
    )
    return ToolServices(
        registry_lookup=registry.get,
        search=web if configured.search else None,
        fetcher=web,
        docs=web,
        browser=web if web.has_browser else None,
        skill_folders=(str(settings.home / "skills"),),
    )


def open_forge(settings: Settings) -> "Forge | None":
    """Return what hands changes on; None where the deployment has no command for it."""
    from callboard.sandbox.forge import CommandForge

    if not settings.forge_command:
        return None
    return CommandForge(settings.forge_command, settings.forge_environment)


@dataclass(frozen=True, slots=True)
class FilePlaces:
    """Where runs work on files, and where what was recorded of them is; `where` tells in which directory of this machine a
    workspace is, None: in its own. `place` names this home among those that share a database.
    """

    workspaces: "Workspaces"
    trees: "FileTrees"
    where: "Where | None" = None
    place: str = ""


def file_places(
    settings: Settings, vault: "Vault", packs: "TreePacks", given: "Workspaces | None" = None
) -> FilePlaces:
    """Return where runs work on files; commands see the Python that Callboard runs on, and reach the hosts that are listed,
    with what the vault has for them. With a database on a server, private copies travel: who else reaches it may go on
    with a run. `given` workspaces take the place of the machine's own.

    Raises:
        ConfigurationInvalid: the home directory cannot be used.
    """
    from callboard.sandbox.git.contents import GitTrees
    from callboard.sandbox.workspaces import open_workspaces

    state = settings.home / "sandbox"
    trees = GitTrees(state.resolve())
    if given is not None:
        return FilePlaces(given, trees)
    pythons = dict.fromkeys((sys.prefix, sys.base_prefix))
    near = open_workspaces(
        state,
        mode=settings.sandbox,
        read_only=tuple(pythons),
        way_out=_way_out(settings, vault) if settings.command_hosts else None,
    )
    if isinstance(settings.database, Path):
        return FilePlaces(near, trees)
    from callboard.sandbox.travel.copies import Ground
    from callboard.sandbox.travel.place import name_of_place
    from callboard.sandbox.travel.trees import TravellingTrees
    from callboard.sandbox.travel.workspaces import TravellingWorkspaces

    here = name_of_place(state)
    ground = Ground(settings.home / "workspaces", here, state / "locks")
    far = TravellingWorkspaces(near, packs, ground)
    return FilePlaces(far, TravellingTrees(trees, far), far.where, here)


def _way_out(settings: Settings, vault: "Vault") -> "WayOut":
    from callboard.web_access.egress.command_way import CommandWayOut

    return CommandWayOut(settings.command_hosts, vault)

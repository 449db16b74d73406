"""The only module that names adapters: from Settings to an App.

Adapters are imported where they are built, so that a command pays only for what it uses.
"""

# ruff: noqa: PLC0415 - see above

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from callboard.domain.errors import ConfigurationInvalid
from callboard.runtime.driver import Driver
from callboard.runtime.live import Live
from callboard.runtime.ports import Ports
from callboard.runtime.system import SystemClock, TimeSortedIds, relax_collector
from callboard.settings import PROVIDERS, Settings
from callboard.usecases.app import App

if TYPE_CHECKING:
    from callboard.definitions.catalogue import Catalogue
    from callboard.definitions.registry import FolderRegistry
    from callboard.definitions.scaffold import Scaffolded
    from callboard.domain.definition.agent import AgentDefinition
    from callboard.domain.definition.program import ProgramSource
    from callboard.domain.message import JsonObject
    from callboard.domain.policy import PolicyLayer
    from callboard.domain.workflow import WorkflowDefinition
    from callboard.ports.anchors import AnchorLog
    from callboard.ports.dispatcher import Dispatcher
    from callboard.ports.model import ModelDirectory, ModelProvider
    from callboard.ports.programs import Evaluated, Program, Programs
    from callboard.ports.registry import AgentRegistry
    from callboard.ports.signer import Signer
    from callboard.ports.tool_services import ToolServices
    from callboard.ports.tools import Tool
    from callboard.ports.vault import SealedCredentials, Vault
    from callboard.ports.workspace import Workspaces
    from callboard.usecases.proof import Proof


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a command finds agents: the folders that it names, else `.agents` of its workspace.

    `scripts` are files of scripted models; the shipped ones are always there.
    """

    workspace: Path | None = None
    agents: tuple[Path, ...] = ()
    scripts: tuple[Path, ...] = field(default=())

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders with definitions, the nearest first."""
        if self.agents:
            return self.agents
        return ((self.workspace or Path()) / ".agents",)


@dataclass(frozen=True, slots=True)
class Additions:
    """What a program brings along: agents and tools that hide others of their names, and model providers."""

    agents: "tuple[AgentDefinition, ...]" = ()
    tools: "Mapping[str, Tool]" = field(default_factory=dict[str, "Tool"])
    providers: "Mapping[str, ModelProvider]" = field(default_factory=dict[str, "ModelProvider"])


async def build_app(
    settings: Settings, sources: Sources, additions: Additions | None = None
) -> App:
    """Build everything that a command needs to run agents.

    Raises:
        ConfigurationInvalid: the home directory or the database cannot be used.
    """
    from callboard.definitions.policies import FilePolicies
    from callboard.definitions.resolver import AgentResolver
    from callboard.definitions.schema import JsonSchemas
    from callboard.stores.sqlite.store import SqliteEventStore
    from callboard.tools.catalog import built_in_tools

    _make_home(settings.home)
    relax_collector()
    added = additions or Additions()
    _check_folders(sources)
    store = await SqliteEventStore.open(settings.database)
    clock = SystemClock()
    vault = _vault(settings, store.credentials, clock)
    registry = AgentResolver(
        partial(open_registry, settings, sources, shipped=False, tools=tuple(added.tools)),
        store.releases,
        _shipped_agents,
        added.agents,
    )
    ports = Ports(
        store=store,
        clock=clock,
        models=_ModelsOnDemand(settings, sources, added.providers, vault),
        tools=built_in_tools(_services(settings, registry)).with_added(added.tools),
        registry=registry,
        workspaces=_workspaces(settings),
        schemas=JsonSchemas(),
        policies=FilePolicies(settings.home, sources.agents),
        budgets=store.budgets,
        live=Live(),
        programs=_ProgramsOnDemand(settings),
    )
    return App(
        ports=ports,
        driver=Driver(ports),
        releases=store.releases,
        vault=vault,
        ids=TimeSortedIds(),
        copies=str(settings.home / "workspaces"),
        engine=store.engine,
        proof=_proof(settings, store.anchors),
    )


def open_dispatcher() -> "Dispatcher":
    """Return what drives runs inside this process."""
    from callboard.stores.dispatch.embedded import EmbeddedDispatcher

    return EmbeddedDispatcher()


def open_registry(
    settings: Settings, sources: Sources, *, shipped: bool = True, tools: tuple[str, ...] = ()
) -> "FolderRegistry":
    """Read the definitions that a command can see: its folders, the user's own, those shipped (if wanted).

    Raises:
        ConfigurationInvalid: a folder that the command names does not exist.
    """
    from callboard.definitions.registry import TEMPLATES, FolderRegistry
    from callboard.tools.catalog import built_in_tools

    _check_folders(sources)
    return FolderRegistry.open(
        sources.folders,
        (*built_in_tools().names(), *tools),
        user_folder=settings.home / "agents",
        templates=TEMPLATES if shipped else None,
        evaluator=_EvaluatorOnDemand(settings),
    )


def read_policy(path: Path) -> "PolicyLayer | None":
    """Return the rules that somebody gives to a run of theirs.

    Raises:
        ConfigurationInvalid: the file is not there, or is no policy.
    """
    from callboard.definitions.policies import read_policy as read

    return read(path, "run", required=True)


def _check_folders(sources: Sources) -> None:
    for folder in sources.agents:
        if not folder.is_dir():
            raise ConfigurationInvalid(f"--agents {folder}: there is no such directory")


def _shipped_agents() -> "FolderRegistry":
    from callboard.definitions.registry import FolderRegistry
    from callboard.tools.catalog import built_in_tools

    return FolderRegistry.open((), built_in_tools().names())


def read_catalogue(path: Path, settings: Settings | None = None) -> "Catalogue":
    """Read one definition file, or all below a folder, with every problem found.

    Without settings nothing evaluates files that are programs: Python is read as far as it is literal.

    Raises:
        ConfigurationInvalid: there is nothing at the path.
    """
    from callboard.definitions.folder import load_folder
    from callboard.definitions.reader import read_definitions
    from callboard.tools.catalog import built_in_tools

    tools = built_in_tools().names()
    evaluator = None if settings is None else _EvaluatorOnDemand(settings)
    if path.is_dir():
        return load_folder(path, tools, evaluator=evaluator)
    if not path.exists():
        raise ConfigurationInvalid(f"{path}: there is no such file or directory")
    return read_definitions(path, tools, evaluator=evaluator)


def shipped_workflow(name: str) -> "WorkflowDefinition":
    """Return a workflow that ships with Callboard.

    Raises:
        DefinitionInvalid: there is none of this name.
    """
    from callboard.definitions.workflows import load_workflow

    return load_workflow(name)


def scaffold(directory: Path, *, typescript: bool = False) -> "Scaffolded":
    """Write a first `.agents` folder into a directory; nothing is overwritten.

    Raises:
        ConfigurationInvalid: the directory cannot be written.
    """
    from callboard.definitions.scaffold import scaffold as write

    return write(directory, typescript=typescript)


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationInvalid(
            f"CALLBOARD_HOME {home} cannot be used: {error.strerror}; set CALLBOARD_HOME to a directory "
            "that you may write"
        ) from None


def _services(settings: Settings, registry: "AgentRegistry") -> "ToolServices":
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


def _workspaces(settings: Settings) -> "Workspaces":
    from callboard.sandbox.workspaces import open_workspaces

    pythons = dict.fromkeys((sys.prefix, sys.base_prefix))
    return open_workspaces(
        settings.home / "sandbox", mode=settings.sandbox, read_only=tuple(pythons)
    )


class _ModelsOnDemand:
    """`callboard.ports.model.ModelDirectory` that is built when a model is first needed: the HTTP client
    takes as long to import as everything else together, and most commands ask no model.
    """

    def __init__(
        self,
        settings: Settings,
        sources: Sources,
        added: "Mapping[str, ModelProvider]",
        vault: "Vault",
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._added = added
        self._vault = vault
        self._directory: ModelDirectory | None = None

    async def provider_for(self, definition: "AgentDefinition", model: str) -> "ModelProvider":
        if self._directory is None:
            self._directory = _models(self._settings, self._sources, self._added, self._vault)
        return await self._directory.provider_for(definition, model)

    async def close(self) -> None:
        if self._directory is not None:
            await self._directory.close()


class _EvaluatorOnDemand:
    """`callboard.ports.programs.Evaluator` that is made when a file is a program: most are not."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def evaluate(
        self, files: Mapping[str, str], entries: tuple[str, ...]
    ) -> "Mapping[str, Evaluated]":
        from callboard.sandbox.programs.evaluator import ConfinedEvaluator

        return ConfinedEvaluator(mode=self._settings.sandbox).evaluate(files, entries)


class _ProgramsOnDemand:
    """`callboard.ports.programs.Programs` whose workers are started when a program is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._programs: Programs | None = None

    async def start(
        self, source: "ProgramSource", context: "JsonObject", *, seed: str
    ) -> "Program":
        if self._programs is None:
            from callboard.sandbox.programs.pool import ConfinedPrograms

            self._programs = ConfinedPrograms(mode=self._settings.sandbox)
        return await self._programs.start(source, context, seed=seed)

    async def close(self) -> None:
        if self._programs is not None:
            await self._programs.close()


def _proof(settings: Settings, log: "AnchorLog") -> "Proof":
    from callboard.proofs.files import CheckpointFile
    from callboard.sandbox.git.contents import GitTrees
    from callboard.usecases.proof import Proof

    return Proof(
        log,
        CheckpointFile(settings.home / "checkpoint"),
        GitTrees((settings.home / "sandbox").resolve()),
        partial(_signer, settings),
        is_signature,
        settings.known_secrets,
    )


def _signer(settings: Settings) -> "Signer":
    from callboard.proofs.ed25519 import Ed25519Signer
    from callboard.proofs.files import log_seed

    return Ed25519Signer(log_seed(settings.home, settings.log_key))


def is_signature(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether an Ed25519 signature is a key's over a message. Never raises, whatever the bytes."""
    from callboard.proofs.ed25519 import is_signature as check

    return check(key, message, signature)


def _vault(settings: Settings, table: "SealedCredentials", clock: SystemClock) -> "Vault":
    from callboard.vault.deployment_key import deployment_keys
    from callboard.vault.keyring_place import KeyringKey, system_keyring
    from callboard.vault.sealed_vault import SealedVault

    keyring = KeyringKey(system_keyring) if settings.keyring else None
    return SealedVault(
        table, deployment_keys(settings.home, settings.vault_key, keyring=keyring), clock
    )


def _models(
    settings: Settings,
    sources: Sources,
    added: "Mapping[str, ModelProvider]",
    vault: "Vault",
) -> "ModelDirectory":
    from callboard.providers.directory import ProviderDirectory
    from callboard.providers.endpoints import Endpoint
    from callboard.providers.scripted.loading import load_scripts
    from callboard.providers.scripted.provider import ScriptedProvider
    from callboard.providers.scripted.script import Script

    scripts: dict[str, Script] = {}
    for path in (*_shipped_scripts(), *sources.scripts):
        scripts.update(load_scripts(path))
    providers: dict[str, Endpoint | ModelProvider] = {"scripted": ScriptedProvider(scripts)}
    for name in PROVIDERS:
        configured = settings.providers.get(name)
        if configured is not None:
            providers[name] = Endpoint(
                name, api_key=configured.api_key, base_url=configured.base_url
            )
    return ProviderDirectory(providers | dict(added), vault=vault)


def _shipped_scripts() -> tuple[Path, ...]:
    folder = Path(__file__).parent / "definitions" / "templates" / "scripts"
    return tuple(sorted(folder.glob("*.yaml")))

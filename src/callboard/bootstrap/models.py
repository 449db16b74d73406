"""Model providers: those configured, those that a program brings along, the scripted one."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from callboard.bootstrap.sources import Sources
from callboard.settings import PROVIDERS, Settings

if TYPE_CHECKING:
    from callboard.domain.definition.agent import AgentDefinition
    from callboard.ports.model import ModelDirectory, ModelProvider
    from callboard.ports.vault import Vault


class ModelsOnDemand:
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
        """See `ports.model.ModelDirectory`."""
        if self._directory is None:
            self._directory = _models(self._settings, self._sources, self._added, self._vault)
        return await self._directory.provider_for(definition, model)

    async def close(self) -> None:
        """Close what was made. Idempotent."""
        if self._directory is not None:
            await self._directory.close()


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
    folder = Path(__file__).parents[1] / "definitions" / "templates" / "scripts"
    return tuple(sorted(folder.glob("*.yaml")))

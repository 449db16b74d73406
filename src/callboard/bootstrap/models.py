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
    from callboard.ports.model_facts import ModelFacts
    from callboard.ports.vault import Vault
    from callboard.providers.endpoints import Endpoint


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

    async def provider_for(
        self, definition: "AgentDefinition", model: str, *, space: str = ""
    ) -> "ModelProvider":
        """See `ports.model.ModelDirectory`."""
        if self._directory is None:
            self._directory = _models(self._settings, self._sources, self._added, self._vault)
        return await self._directory.provider_for(definition, model, space=space)

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
    from callboard.providers.scripted.loading import load_scripts
    from callboard.providers.scripted.provider import ScriptedProvider
    from callboard.providers.scripted.script import Script

    scripts: dict[str, Script] = {}
    for path in (*_shipped_scripts(), *sources.scripts):
        scripts.update(load_scripts(path))
    providers: dict[str, Endpoint | ModelProvider] = {"scripted": ScriptedProvider(scripts)}
    return ProviderDirectory(providers | _endpoints(settings) | dict(added), vault=vault)


def model_facts(settings: Settings) -> "ModelFacts":
    """Return what is known about providers and models here, without asking any."""
    from callboard.providers.facts import VendorFacts

    return VendorFacts(_endpoints(settings))


def _endpoints(settings: Settings) -> "dict[str, Endpoint]":
    from callboard.providers.endpoints import Endpoint

    configured = {name: settings.providers.get(name) for name in PROVIDERS}
    return {
        name: Endpoint(name, api_key=one.api_key, base_url=one.base_url)
        for name, one in configured.items()
        if one is not None
    }


def _shipped_scripts() -> tuple[Path, ...]:
    folder = Path(__file__).parents[1] / "definitions" / "templates" / "scripts"
    return tuple(sorted(folder.glob("*.yaml")))

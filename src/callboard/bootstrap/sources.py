"""Where a command finds agents, and what a program brings along."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from callboard.domain.errors import ConfigurationInvalid

if TYPE_CHECKING:
    from callboard.domain.definition.agent import AgentDefinition
    from callboard.ports.clock import Clock
    from callboard.ports.model import ModelProvider
    from callboard.ports.tools import Tool
    from callboard.ports.workspace import Workspaces


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
    """What a program brings along: agents and tools that hide others of their names, and model providers. A `clock` or
    `workspaces` take the place of the machine's own; `disposable` is what nobody minds to lose when the power goes.
    """

    agents: "tuple[AgentDefinition, ...]" = ()
    tools: "Mapping[str, Tool]" = field(default_factory=dict[str, "Tool"])
    providers: "Mapping[str, ModelProvider]" = field(default_factory=dict[str, "ModelProvider"])
    clock: "Clock | None" = None
    workspaces: "Workspaces | None" = None
    disposable: bool = False


def check_folders(sources: Sources) -> None:
    """Check that the folders which a command names exist.

    Raises:
        ConfigurationInvalid: one of them does not.
    """
    for folder in sources.agents:
        if not folder.is_dir():
            raise ConfigurationInvalid(f"--agents {folder}: there is no such directory")

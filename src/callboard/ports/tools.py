"""Tools as the runtime calls them."""

from dataclasses import dataclass
from typing import Protocol

from callboard.domain.message import JsonObject, Message, ToolOutputs
from callboard.domain.tool import ToolFacts, ToolSpec
from callboard.ports.workspace import Workspace


class ArgumentsInvalid(Exception):
    """The arguments do not fit the tool; the message tells the model what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may use while it runs.

    `messages` is the run's conversation so far, with or without the answer that holds this very call.
    """

    run_id: str
    call_id: str
    workspace: Workspace
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """What a call returned; `is_error` marks a failure that the model should correct."""

    output: ToolOutputs
    is_error: bool = False


class Tool(Protocol):
    """One tool. Expected failures are outcomes, not exceptions."""

    @property
    def spec(self) -> ToolSpec:
        """What the model is told."""
        ...

    @property
    def facts(self) -> ToolFacts:
        """What the engine needs to know."""
        ...

    def normalise(self, arguments: JsonObject) -> JsonObject:
        """Return valid arguments: sloppy spellings repaired, defaults filled in. Pure.

        Raises:
            ArgumentsInvalid: they cannot be made to fit.
        """
        ...

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """Do it. `arguments` are normalised ones. Tools of access `control` and `spawn` are answered by
        the engine and never run.
        """
        ...


class ToolCatalog(Protocol):
    """All tools there are."""

    def get(self, name: str) -> Tool | None:
        """Return a tool by its exact name."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        ...

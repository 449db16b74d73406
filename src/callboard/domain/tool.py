"""What the engine must know about a tool without knowing what it does."""

from typing import Literal

from callboard.domain.frozen import Frozen
from callboard.domain.message import JsonObject, JsonOutput, ToolOutputs

RetrySafety = Literal["pure", "idempotent", "unsafe"]
"""May a call whose outcome is unknown be made again? `pure` changes nothing, `idempotent` ends in the
same state, `unsafe` may do its work twice and is therefore never repeated silently."""

Access = Literal["read", "write", "control", "spawn"]
"""`read` calls of one turn run side by side, `write` calls alone and in order. `control` calls change
only the run itself and are answered by the engine; `spawn` calls start child runs."""

Source = Literal["people", "repository", "web", "mcp", "tool"]
"""Where a result's content comes from. Only `people` are trusted: the task, and whoever answers for it."""

Reach = Literal["run", "workspace", "outside"]
"""How far a call's effects go: the run itself, its files, or beyond (a request is an effect, too)."""


class ToolSpec(Frozen):
    """A tool as the model is told about it. `input_schema` is a JSON Schema of type object."""

    name: str
    description: str
    input_schema: JsonObject


class ToolFacts(Frozen):
    """What the engine needs to schedule a call, to recover from a crash in the middle of it, and to judge it.

    `source` and `reach` are only given where they do not follow from `access`.
    """

    access: Access
    retry_safety: RetrySafety
    source: Source | None = None
    reach: Reach | None = None

    @property
    def reads(self) -> Source:
        """Where results come from."""
        if self.source is not None:
            return self.source
        return "repository" if self.access in ("read", "write") else "people"

    @property
    def reaches(self) -> Reach:
        """How far effects go."""
        if self.reach is not None:
            return self.reach
        return "workspace" if self.access == "write" else "run"


def json_outputs(value: object) -> ToolOutputs:
    """Return the usual tool output: one JSON value.

    Raises:
        pydantic.ValidationError: the value is not JSON.
    """
    return (JsonOutput.model_validate({"value": value}),)


def error_outputs(message: str) -> ToolOutputs:
    """Return a failure that the model is meant to read and correct."""
    return json_outputs({"errorMessage": message})

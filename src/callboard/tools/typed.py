"""A tool made of a typed input, facts for the engine, a text for the model and a function."""

from collections.abc import Awaitable, Callable
from functools import cached_property
from importlib import resources
from typing import Generic, TypeVar

from pydantic import BaseModel, JsonValue

from callboard.domain.message import JsonObject
from callboard.domain.tool import ToolFacts, ToolSpec
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.tools.arguments import fit
from callboard.tools.outcomes import failure

Input = TypeVar("Input", bound=BaseModel)


class TypedTool(Generic[Input]):
    """See `ports.tools.Tool`.

    Args:
        name: the tool's name; its folder has the same, with `tool.md` in it.
        arguments: the typed input.
        facts: what the engine needs to know.
        behaviour: what `run` does; None for tools that the engine answers.
    """

    def __init__(
        self,
        name: str,
        arguments: type[Input],
        facts: ToolFacts,
        behaviour: Callable[[Input, ToolContext], Awaitable[ToolOutcome]] | None = None,
    ) -> None:
        self.name = name
        self._arguments = arguments
        self._facts = facts
        self._behaviour = behaviour

    @property
    def spec(self) -> ToolSpec:
        """What the model is told; made when it is first asked for."""
        return self._spec

    @cached_property
    def _spec(self) -> ToolSpec:
        text = resources.files(f"callboard.tools.{self.name}") / "tool.md"
        return ToolSpec(
            name=self.name,
            description=text.read_text(encoding="utf-8").strip(),
            input_schema=_plain(self._arguments.model_json_schema()),
        )

    @property
    def facts(self) -> ToolFacts:
        """What the engine needs to know."""
        return self._facts

    def normalise(self, arguments: JsonObject) -> JsonObject:
        """See `ports.tools.Tool`."""
        return fit(self._arguments, arguments)

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `ports.tools.Tool`."""
        if self._behaviour is None:
            return failure(f"{self.name} is answered by the engine.")
        return await self._behaviour(self._arguments.model_validate(arguments), context)


_NOISE = {"title", "description", "$defs"}


def _plain(schema: JsonObject) -> JsonObject:
    """Return a schema in one piece: no references, no titles that only repeat names, no docstring."""
    definitions = schema.get("$defs")
    known = definitions if isinstance(definitions, dict) else {}
    return {key: _inlined(value, known) for key, value in schema.items() if key not in _NOISE}


def _inlined(value: JsonValue, known: JsonObject) -> JsonValue:
    match value:
        case {"$ref": str(reference)}:
            return _inlined(known[reference.removeprefix("#/$defs/")], known)
        case dict():
            return {
                key: _inlined(item, known)
                for key, item in value.items()
                if key != "title" or not isinstance(item, str)
            }
        case list():
            return [_inlined(item, known) for item in value]
        case _:
            return value

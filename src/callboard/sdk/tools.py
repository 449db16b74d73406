"""Tools that are Python functions: types become the schema, the docstring what the model reads."""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast, get_type_hints, overload

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError, create_model

from callboard.domain.message import JsonObject, ToolOutputs
from callboard.domain.tool import Access, RetrySafety, ToolFacts, ToolSpec, json_outputs
from callboard.ports.tools import ArgumentsInvalid, ToolContext, ToolOutcome

Function = Callable[..., Any]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_any: TypeAdapter[Any] = TypeAdapter(Any)


class FunctionTool:
    """A function as `callboard.ports.tools.Tool`; it can still be called as the function that it is."""

    def __init__(
        self, function: Function, *, name: str, access: Access, retry_safety: RetrySafety
    ) -> None:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"tool {name!r}: a name is a-z, 0-9 and _, and begins with a letter")
        description = inspect.getdoc(function)
        if not description:
            raise ValueError(
                f"tool {name}: give the function a docstring; it is what the model reads"
            )
        self.name = name
        self._function = function
        # What a function reads and does is its own business: nobody vouches for either.
        self._facts = ToolFacts(
            access=access, retry_safety=retry_safety, source="tool", reach="outside"
        )
        self._context_names, self._model = _arguments(function, name)
        schema = self._model.model_json_schema()
        schema.pop("title", None)
        self._spec = ToolSpec(name=name, description=description, input_schema=schema)

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call the function itself."""
        return self._function(*args, **named)

    @property
    def spec(self) -> ToolSpec:
        """What the model is told."""
        return self._spec

    @property
    def facts(self) -> ToolFacts:
        """What the engine needs to know."""
        return self._facts

    def normalise(self, arguments: JsonObject) -> JsonObject:
        """See `ports.tools.Tool`."""
        try:
            return self._model.model_validate(arguments).model_dump(mode="json")
        except ValidationError as invalid:
            problems = [
                f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}"
                for one in invalid.errors(include_url=False, include_context=False)
            ]
            raise ArgumentsInvalid("; ".join(problems)) from None

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `ports.tools.Tool`. A function that is not async runs in a thread."""
        model = self._model.model_validate(arguments)
        given = {name: getattr(model, name) for name in self._model.model_fields}
        given |= dict.fromkeys(self._context_names, context)
        if inspect.iscoroutinefunction(self._function):
            value: object = await cast("Awaitable[object]", self._function(**given))
        else:
            value = await asyncio.to_thread(self._function, **given)
        return value if isinstance(value, ToolOutcome) else ToolOutcome(_outputs(value))


def _outputs(value: object) -> ToolOutputs:
    return json_outputs(cast("JsonValue", _any.dump_python(value, mode="json")))


def _arguments(function: Function, name: str) -> tuple[tuple[str, ...], type[BaseModel]]:
    """Return the names of parameters that take the context, and the model of all others."""
    hints = get_type_hints(function, include_extras=True)
    context_names: list[str] = []
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ValueError(f"tool {name}: *args and **kwargs cannot be described to a model")
        if parameter.name not in hints:
            raise ValueError(f"tool {name}: parameter {parameter.name} needs a type")
        if hints[parameter.name] is ToolContext:
            context_names.append(parameter.name)
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    return tuple(context_names), create_model(name, **fields)


@overload
def tool(function: Function, /) -> FunctionTool: ...


@overload
def tool(
    *, name: str | None = None, access: Access = "write", retry_safety: RetrySafety = "unsafe"
) -> Callable[[Function], FunctionTool]: ...


def tool(
    function: Function | None = None,
    /,
    *,
    name: str | None = None,
    access: Access = "write",
    retry_safety: RetrySafety = "unsafe",
) -> FunctionTool | Callable[[Function], FunctionTool]:
    """Make a tool of a function: `@tool`, or `@tool(access="read", retry_safety="pure")`.

    Every parameter needs a type; one of type `ToolContext` is filled in and not shown to the model. What the
    function returns must be JSON, a dataclass or a pydantic model. An exception is told to the model as the
    call's failure.

    Args:
        function: the function, async or not.
        name: the tool's name (default: the function's).
        access: `read` calls run side by side, `write` calls alone and in order.
        retry_safety: may a call be repeated that was cut off by a crash? `pure` and `idempotent` ones are,
            `unsafe` ones are not.

    Raises:
        ValueError: the function has no docstring, or a parameter without a type.
    """

    def made(given: Function) -> FunctionTool:
        return FunctionTool(
            given,
            name=name or getattr(given, "__name__", ""),
            access=access,
            retry_safety=retry_safety,
        )

    return made if function is None else made(function)

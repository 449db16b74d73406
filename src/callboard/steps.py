"""What a Python `handle_steps` yields.

    def handle_steps(ctx):
        diff = yield ToolCall("run_terminal_command", command="git diff")
        result = yield STEP
        if not result.steps_complete:
            yield STEP_ALL

Plain values of the same shape may be yielded as well; `yielded` gives that shape. The module imports
nothing but the standard library: it is loaded in the confined worker that runs a definition's code.
"""

from dataclasses import dataclass
from typing import Final

STEP: Final = "STEP"
"""Let the model take one turn, then go on here."""

STEP_ALL: Final = "STEP_ALL"
"""Let the model take turns until it ends its own, then go on here."""


@dataclass(frozen=True, slots=True, init=False)
class ToolCall:
    """Run a tool now; the yield returns an object with `tool_result` and `tool_error`.

    Args:
        tool_name: the tool, which must be among the definition's `tool_names`.
        include_tool_call: whether call and result become part of the conversation that the model sees.
        input: the tool's arguments, JSON values by name.
    """

    tool_name: str
    input: dict[str, object]
    include_tool_call: bool

    def __init__(
        self,
        tool_name: str,
        /,
        *,
        include_tool_call: bool = True,
        **input: object,  # noqa: A002
    ) -> None:
        object.__setattr__(self, "tool_name", tool_name)
        object.__setattr__(self, "input", input)
        object.__setattr__(self, "include_tool_call", include_tool_call)

    def as_yielded(self) -> dict[str, object]:
        """Return the plain form."""
        return {
            "toolName": self.tool_name,
            "input": self.input,
            "includeToolCall": self.include_tool_call,
        }


@dataclass(frozen=True, slots=True)
class StepText:
    """Go on as if the model had answered with `text`; tool calls written in it are run."""

    text: str

    def as_yielded(self) -> dict[str, object]:
        """Return the plain form."""
        return {"type": "STEP_TEXT", "text": self.text}


@dataclass(frozen=True, slots=True)
class GenerateN:
    """Ask the model for `n` answers to the same conversation; the yield returns them as `n_responses`."""

    n: int

    def as_yielded(self) -> dict[str, object]:
        """Return the plain form."""
        return {"type": "GENERATE_N", "n": self.n}


def yielded(value: object) -> object:
    """Return the plain form of anything that is yielded; what has none stays as it is."""
    if isinstance(value, ToolCall | StepText | GenerateN):
        return value.as_yielded()
    return value

"""What a Python `handle_steps` yields.

    def handle_steps(ctx: Context) -> Steps:
        diff = yield ToolCall("run_terminal_command", command="git diff")
        result = yield STEP
        if not result.steps_complete:
            yield STEP_ALL

Plain values of the same shape may be yielded as well; `yielded` gives that shape. The module imports
nothing but the standard library: it is loaded in the confined worker that runs a definition's code.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

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


class Logger(Protocol):
    """Where a program says what it does; each call takes data, and a text beside it."""

    def debug(self, data: object, message: str = "") -> None:
        """Say something for whoever looks closely."""
        ...

    def info(self, data: object, message: str = "") -> None:
        """Say something."""
        ...

    def warn(self, data: object, message: str = "") -> None:
        """Say that something is odd."""
        ...

    def error(self, data: object, message: str = "") -> None:
        """Say that something went wrong."""
        ...


class AgentState(Protocol):
    """The run as it stands. All names are there in camelCase and as keys, too."""

    agent_id: str
    run_id: str
    message_history: list[dict[str, Any]]
    system_prompt: str
    tool_definitions: dict[str, dict[str, Any]]
    context_token_count: int
    steps_remaining: int | None
    agent_context: dict[str, dict[str, Any]]
    output: Any


class Context(Protocol):
    """What `handle_steps` is called with: `ctx.prompt`, or `ctx["prompt"]`."""

    agent_state: AgentState
    prompt: str | None
    params: dict[str, Any] | None
    logger: Logger
    model: str

    def __getitem__(self, name: str, /) -> Any:
        """Return a member by its name, in either spelling."""
        ...


class StepResult(Protocol):
    """What a yield returns: `result.tool_result`, or `result["toolResult"]`.

    `tool_result` is the list of outputs (`[{"type": "json", "value": …}]`), empty after a turn; `tool_error`
    says why a call failed; `steps_complete` whether the model's last answer ended its turn; `n_responses`
    are the answers after `GenerateN`.
    """

    agent_state: AgentState
    tool_result: list[dict[str, Any]]
    tool_error: str | None
    steps_complete: bool
    n_responses: list[str] | None

    def __getitem__(self, name: str, /) -> Any:
        """Return a member by its name, in either spelling."""
        ...


Yieldable = ToolCall | StepText | GenerateN | Literal["STEP", "STEP_ALL"] | dict[str, Any]
Steps = Generator[Yieldable, StepResult, None]
"""The type of a program: `def handle_steps(ctx: Context) -> Steps`."""


def yielded(value: object) -> object:
    """Return the plain form of anything that is yielded; what has none stays as it is."""
    if isinstance(value, ToolCall | StepText | GenerateN):
        return value.as_yielded()
    return value

"""What a run came to, as a value."""

from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from callboard.domain.errors import CallboardError
from callboard.domain.message import Message
from callboard.domain.output import (
    AllMessages,
    ErrorOutput,
    LastMessage,
    RunOutput,
    StructuredOutput,
)
from callboard.domain.usage import Usage, Usd


class RunFailed(CallboardError):
    """A run came to nothing; `result` says more."""

    code = "run_failed"

    def __init__(self, result: "RunResult") -> None:
        super().__init__(result.error or f"run {result.run_id} is {result.status}")
        self.result = result


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run stands. `cost_usd` is None where a part of it is unknown; `question` is what a waiting run
    waits for; `messages` is the conversation so far, which `previous_run` continues.
    """

    run_id: str
    status: Literal["completed", "failed", "cancelled", "waiting"]
    output: RunOutput | None
    cost_usd: Usd | None
    usage: Usage
    messages: tuple[Message, ...]
    question: str | None = None

    @property
    def text(self) -> str:
        """The final answer.

        Raises:
            RunFailed: there is none.
        """
        output = self.checked().output
        return output.text if isinstance(output, LastMessage) else ""

    @property
    def value(self) -> JsonValue:
        """The structured output, the messages, or the final answer, as the agent's output mode says.

        Raises:
            RunFailed: there is none.
        """
        match self.checked().output:
            case AllMessages(value=messages):
                return list(messages)
            case LastMessage(value=value) | StructuredOutput(value=value):
                return value
            case _:
                return None

    @property
    def error(self) -> str | None:
        """Why the run came to nothing, or None."""
        return self.output.message if isinstance(self.output, ErrorOutput) else None

    def checked(self) -> "RunResult":
        """Return the result of a run that completed.

        Raises:
            RunFailed: it did not.
        """
        if self.status != "completed":
            raise RunFailed(self)
        return self

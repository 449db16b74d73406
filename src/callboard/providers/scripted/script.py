"""What a scripted model says, as data: written in Python or loaded from YAML and JSON."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from callboard.domain.events.model_call import Finish
from callboard.domain.frozen import Frozen
from callboard.domain.message import JsonObject
from callboard.domain.usage import Usage, Usd


class ScriptedCall(Frozen):
    """A tool call. `raw` is argument text as a model may write it, valid or not; it wins."""

    tool: str
    arguments: JsonObject = Field(default_factory=dict)
    raw: str | None = None
    call_id: str = ""


class ScriptedError(Frozen):
    """A failed attempt, `times` in a row; the attempt after them is answered.

    `reason` is one of `ModelError`'s; `retryable` None means what that reason usually means.
    """

    reason: str
    message: str = "scripted failure"
    retryable: bool | None = None
    status: int | None = None
    retry_after_s: float | None = None
    times: Annotated[int, Field(gt=0)] = 1


class Turn(Frozen):
    """One answer, or with `error` alone: failed attempts before the next turn's answer.

    `truncate` breaks the connection after the text was streamed. `cost_usd` defaults to 0 because
    nothing is paid; None is a cost that the provider did not tell. `usage` is estimated where it is
    left out. `delay_s` passes before the answer.
    """

    text: str = ""
    reasoning: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    finish: Finish | None = None
    usage: Usage | None = None
    cost_usd: Usd | None = Field(default=0, validate_default=True)
    error: ScriptedError | None = None
    delay_s: Annotated[float, Field(ge=0)] = 0
    truncate: bool = False
    answered_by: str | None = None

    @property
    def answers(self) -> bool:
        """Whether there is anything in this turn but an error."""
        return bool(self.text or self.reasoning or self.calls or self.truncate)


class Match(Frozen):
    """What a request must look like; every given condition must hold.

    `user`, `system`, `tool_result` and `conversation` are regular expressions, searched for in the last
    user text, the system prompt, the text of the latest tool results and the run's id; `tools` are names
    that must be offered.
    """

    user: str | None = None
    system: str | None = None
    tool_result: str | None = None
    conversation: str | None = None
    tools: tuple[str, ...] = ()


class Rule(Frozen):
    """An answer for every request that matches.

    Always the same `turn`, or `turns` one after the other, chosen by the assistant messages of the
    request. `times` bounds how often (None: always).
    """

    when: Match = Match()
    turn: Turn | None = None
    turns: tuple[Turn, ...] = ()
    times: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.turn is None) == (not self.turns):
            raise ValueError("a rule holds either `turn` or `turns`")
        return self


class Script(Frozen):
    """What one scripted model says.

    The first rule that matches answers; where none does, the turns do. `by` says how a turn is chosen:
    `history` counts the assistant messages of the request, so that a run that is resumed in another
    process goes on where it was; `order` counts calls, whoever makes them.
    """

    turns: tuple[Turn, ...] = ()
    rules: tuple[Rule, ...] = ()
    by: Literal["history", "order"] = "history"

"""Evidence: conditions that the engine itself verifies. An agent may submit evidence, never a verdict."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from callboard.domain.frozen import Frozen


class CommandCheck(Frozen):
    """The command exits with `expect_exit`."""

    kind: Literal["command"] = "command"
    command: str
    timeout_s: Annotated[float, Field(gt=0)] = 600.0
    expect_exit: int = 0


class FileCheck(Frozen):
    """A file is there, or is not (`absent`). `contains` is a text that it must hold; `line` one of its lines, as a
    glob.
    """

    kind: Literal["file"]
    path: Annotated[str, Field(min_length=1)]
    absent: bool = False
    contains: str | None = None
    line: str | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.absent and (self.contains is not None or self.line is not None):
            raise ValueError("asks for the content of a file that must be absent")
        return self


class DiffCheck(Frozen):
    """What the task changed so far: something (`not_empty`), within the globs of `only`, nothing within those of
    `never`, and at most `max_lines` added and removed lines.
    """

    kind: Literal["diff"]
    not_empty: bool = True
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    max_lines: Annotated[int, Field(gt=0)] | None = None


class OutputCheck(Frozen):
    """A field of the agent's structured output: `field` is a dotted path. It must be there, and be what is given
    here.
    """

    kind: Literal["output"]
    field: Annotated[str, Field(min_length=1)]
    one_of: tuple[JsonValue, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None


class NumberCheck(Frozen):
    """A number within bounds, such as a coverage or the result of a benchmark.

    It is read from the output of `command`, or from the file `path`: `line` is a line of it with `{number}` in the
    number's place and `*` for anything else. The last line that fits counts.
    """

    kind: Literal["number"]
    line: Annotated[str, Field(min_length=8, max_length=500)]
    command: str | None = None
    path: str | None = None
    timeout_s: Annotated[float, Field(gt=0)] = 600.0
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        if (self.command is None) == (self.path is None):
            raise ValueError("needs either `command` or `path` to read the number from")
        if self.line.count("{number}") != 1:
            raise ValueError("`line` must hold {number} once, in the number's place")
        if self.line.count("*") > 4:
            raise ValueError("`line` holds more than four *")
        if self.minimum is None and self.maximum is None:
            raise ValueError("needs `minimum` or `maximum`, or both")
        return self


class HttpCheck(Frozen):
    """A URL answers with `status`, and with a body that holds the text `contains`. The deployment's egress rules
    hold here as well.
    """

    kind: Literal["http"]
    url: Annotated[str, Field(pattern=r"^https?://")]
    status: Annotated[int, Field(ge=100, le=599)] = 200
    contains: str | None = None
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 30.0


class PersonCheck(Frozen):
    """A person says so: the run waits until somebody answers `question` with approve or reject."""

    kind: Literal["person"]
    question: Annotated[str, Field(min_length=1)]


Check = Annotated[
    CommandCheck | FileCheck | DiffCheck | OutputCheck | NumberCheck | HttpCheck | PersonCheck,
    Field(discriminator="kind"),
]

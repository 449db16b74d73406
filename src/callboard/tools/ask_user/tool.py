"""ask_user: questions to a person. The engine opens a gate and waits for the answers."""

from typing import Annotated

from pydantic import Field, JsonValue, model_validator

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class Option(Arguments):
    """One answer that can be chosen."""

    label: Annotated[str, Field(min_length=1)]
    description: Annotated[str | None, Field(description="What choosing it means")] = None

    @model_validator(mode="before")
    @classmethod
    def _labelled(cls, value: JsonValue) -> JsonValue:
        return {"label": value} if isinstance(value, str) else value


class TextRules(Arguments):
    """What an answer in the person's own words must be like."""

    minLength: Annotated[int, Field(ge=0)] | None = None  # noqa: N815 - the language's own spelling
    maxLength: Annotated[int, Field(ge=1)] | None = None  # noqa: N815
    pattern: Annotated[str | None, Field(max_length=500, description="Regular expression")] = None
    patternError: Annotated[  # noqa: N815
        str | None, Field(description="What to say when the pattern does not match")
    ] = None

    @model_validator(mode="after")
    def _possible(self) -> "TextRules":
        shortest, longest = self.minLength, self.maxLength
        if shortest is not None and longest is not None and shortest > longest:
            raise ValueError("minLength is greater than maxLength")
        return self


class Question(Arguments):
    """One question with the answers to choose from."""

    question: Annotated[str, Field(min_length=1)]
    header: Annotated[
        str | None, Field(max_length=18, description="Its topic, at most 18 characters")
    ] = None
    options: Annotated[list[Option], Field(min_length=1)]
    multiSelect: Annotated[  # noqa: N815
        bool, Field(description="Several options may be chosen")
    ] = False
    validation: Annotated[
        TextRules | None, Field(description="Rules for an answer in the person's own words")
    ] = None


class AskUser(Arguments):
    """Input of ask_user."""

    questions: Annotated[list[Question], Field(min_length=1)]


TOOL = TypedTool("ask_user", AskUser, ToolFacts(access="control", retry_safety="pure"))

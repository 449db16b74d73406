"""suggest_followups: what a person may want to ask for next. The call itself is the record."""

from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class Followup(Arguments):
    """One request that a person can send as it is."""

    prompt: Annotated[str, Field(min_length=1, description="The whole request")]
    label: Annotated[str | None, Field(description="A few words for a button")] = None


class SuggestFollowups(Arguments):
    """Input of suggest_followups."""

    followups: Annotated[list[Followup], Field(min_length=1)]


TOOL = TypedTool(
    "suggest_followups", SuggestFollowups, ToolFacts(access="control", retry_safety="pure")
)

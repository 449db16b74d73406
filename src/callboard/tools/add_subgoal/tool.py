"""add_subgoal: one part of the goal, noted down. The engine keeps it."""

from typing import Annotated, Literal

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool

Status = Literal["NOT_STARTED", "IN_PROGRESS", "COMPLETE", "ABORTED"]


class AddSubgoal(Arguments):
    """Input of add_subgoal."""

    id: Annotated[str, Field(min_length=1, description="A short name of your own")]
    objective: Annotated[str, Field(min_length=1, description="What shall be reached")]
    status: Status
    plan: Annotated[str | None, Field(description="How")] = None
    log: Annotated[str | None, Field(description="What has happened so far")] = None


TOOL = TypedTool("add_subgoal", AddSubgoal, ToolFacts(access="control", retry_safety="pure"))

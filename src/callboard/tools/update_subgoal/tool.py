"""update_subgoal: how a part of the goal stands now. The engine keeps it."""

from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.tools.add_subgoal.tool import Status
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class UpdateSubgoal(Arguments):
    """Input of update_subgoal."""

    id: Annotated[str, Field(min_length=1, description="As given to add_subgoal")]
    status: Status | None = None
    plan: Annotated[str | None, Field(description="Replaces the plan")] = None
    log: Annotated[str | None, Field(description="Is added to the log")] = None


TOOL = TypedTool("update_subgoal", UpdateSubgoal, ToolFacts(access="control", retry_safety="pure"))

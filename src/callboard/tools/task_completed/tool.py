"""task_completed: the whole task is done. The engine ends the run after the turn."""

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class TaskCompleted(Arguments):
    """Input of task_completed: nothing."""


TOOL = TypedTool("task_completed", TaskCompleted, ToolFacts(access="control", retry_safety="pure"))

"""write_todos: the plan that people see. The call itself is the record."""

from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class Todo(Arguments):
    """One thing to do."""

    task: Annotated[str, Field(min_length=1)]
    completed: bool


class WriteTodos(Arguments):
    """Input of write_todos."""

    todos: Annotated[list[Todo], Field(description="All of them, those that are done included")]


TOOL = TypedTool("write_todos", WriteTodos, ToolFacts(access="control", retry_safety="pure"))

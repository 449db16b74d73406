"""create_plan: a plan as a file, written as write_file writes it."""

import asyncio
from typing import Annotated

from pydantic import AliasChoices, Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool
from callboard.tools.write_file.writing import write_text


class CreatePlan(Arguments):
    """Input of create_plan."""

    path: Annotated[
        str,
        Field(
            min_length=1,
            description="A Markdown file",
            validation_alias=AliasChoices("path", "file_path", "filePath"),
        ),
    ]
    plan: Annotated[str, Field(min_length=1, description="The whole plan, in Markdown")]


async def create_plan(arguments: CreatePlan, context: ToolContext) -> ToolOutcome:
    """Write the plan."""
    return await asyncio.to_thread(
        write_text, context.workspace.files, arguments.path, arguments.plan
    )


TOOL = TypedTool(
    "create_plan", CreatePlan, ToolFacts(access="write", retry_safety="idempotent"), create_plan
)

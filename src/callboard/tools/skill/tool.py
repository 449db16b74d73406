"""skill: instructions for a kind of task, read when they are needed."""

import asyncio
from typing import Annotated

from pydantic import Field

from callboard.domain.tool import ToolFacts
from callboard.ports.tool_services import ToolServices
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.ports.workspace import Files
from callboard.tools.arguments import Arguments
from callboard.tools.outcomes import success
from callboard.tools.skill.folders import find_skill, skill_names
from callboard.tools.typed import TypedTool


class ReadSkill(Arguments):
    """Input of skill."""

    name: Annotated[str, Field(min_length=1, description="The skill's name")]


def make_tool(services: ToolServices) -> TypedTool[ReadSkill]:
    """Return the tool; skills of the user are in `services.skill_folders`."""

    async def skill(arguments: ReadSkill, context: ToolContext) -> ToolOutcome:
        files = context.workspace.files
        return await asyncio.to_thread(_read, arguments.name, files, services.skill_folders)

    return TypedTool("skill", ReadSkill, ToolFacts(access="read", retry_safety="pure"), skill)


def _read(name: str, files: Files, user_folders: tuple[str, ...]) -> ToolOutcome:
    found = find_skill(name, files, user_folders)
    if found is not None:
        facts = {"description": found.description, "content": found.content}
        return success({"name": name, **facts})
    available = ", ".join(skill_names(files, user_folders)) or "none"
    content = f"Error: Skill '{name}' not found. Available skills: {available}"
    return success({"name": name, "description": "", "content": content})

"""add_message: one more entry of the conversation. The engine adds it."""

from typing import Literal

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class AddMessage(Arguments):
    """Input of add_message."""

    role: Literal["user", "assistant"]
    content: str


TOOL = TypedTool("add_message", AddMessage, ToolFacts(access="control", retry_safety="pure"))

"""set_messages: another conversation in place of the present one. The engine replaces it."""

from pydantic import JsonValue

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class SetMessages(Arguments):
    """Input of set_messages."""

    messages: list[dict[str, JsonValue]]


TOOL = TypedTool("set_messages", SetMessages, ToolFacts(access="control", retry_safety="pure"))

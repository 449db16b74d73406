"""end_turn: nothing more to do. The engine ends the run after the turn."""

from callboard.domain.tool import ToolFacts
from callboard.tools.arguments import Arguments
from callboard.tools.typed import TypedTool


class EndTurn(Arguments):
    """Input of end_turn: nothing."""


TOOL = TypedTool("end_turn", EndTurn, ToolFacts(access="control", retry_safety="pure"))

"""A tool call of the current turn."""

from callboard.domain.frozen import value
from callboard.domain.message import JsonObject, ToolResultPart
from callboard.domain.tool import ToolFacts


@value
class Call:
    """A tool call of the current turn.

    `epoch` is the epoch in which it was begun, 0 before that; `result` is there once it is settled.
    `refused` tells a call that was never made from one that failed, `edited` one whose arguments a person
    changed.
    """

    call_id: str
    tool: str
    arguments: JsonObject
    facts: ToolFacts
    epoch: int = 0
    result: ToolResultPart | None = None
    refused: bool = False
    edited: bool = False

    @property
    def asked(self) -> tuple[str, JsonObject]:
        """What is to be done, whoever asks for it and when: the tool and its arguments."""
        return self.tool, self.arguments

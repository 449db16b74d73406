"""Text that grows piece by piece, and what is true of every whole answer."""

from collections.abc import Sequence

from callboard.domain.events.model_call import Finish
from callboard.domain.message import Part, ToolCallPart
from callboard.providers.wire.failures import failure


def checked_parts(parts: Sequence[Part], finish: Finish, provider: str) -> tuple[Part, ...]:
    """Return the parts of a whole answer.

    Raises:
        ModelError: there are none: the model refused (`refused`), or said nothing at all
            (`malformed_answer`).
    """
    if parts:
        return tuple(parts)
    if finish == "refusal":
        raise failure("refused", f"{provider}: the model refused to answer.")
    why = " before its output limit was reached" if finish == "length" else ""
    raise failure("malformed_answer", f"{provider}: the model's answer is empty{why}.")


def settled_finish(finish: Finish | None, parts: Sequence[Part]) -> Finish:
    """Return the finish that goes with the parts: vendors mix up stopping and calling tools."""
    calls = ToolCallPart in map(type, parts)
    if calls and finish in {None, "stop", "other"}:
        return "tool_calls"
    if not calls and finish in {None, "tool_calls"}:
        return "stop"
    return finish or "stop"

"""What a run did lately, as far as it takes to see that it goes round in circles."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from callboard.domain.run.call import Call

KEPT = 32
"""Actions that are remembered: enough for every pattern that is looked for."""


@dataclass(frozen=True, slots=True)
class Action:
    """A call that was settled. `asked` stands for the tool and its arguments, `result` for what came of it.

    `is_new`: it told or changed something that no action before it did. `spent_usd` is what the run had cost
    by then.
    """

    turn: int
    call: Call
    asked: bytes
    result: bytes
    is_new: bool
    spent_usd: Decimal


def with_calls(
    known: tuple[Action, ...], turn: int, calls: tuple[Call, ...], spent_usd: Decimal
) -> tuple[Action, ...]:
    """Return the actions with those of one more turn."""
    actions = list(known)
    for call in calls:
        asked = _mark(call.tool, call.arguments)
        result = _mark(call.result.output if call.result is not None else None)
        is_new = all(one.result != result for one in actions)
        if call.facts.access == "write" and not (call.result is not None and call.result.is_error):
            is_new = is_new or all(one.asked != asked for one in actions)
        actions.append(Action(turn, call, asked, result, is_new, spent_usd))
    return tuple(actions[-KEPT:])


def _mark(*values: object) -> bytes:
    return hashlib.blake2b(repr(values).encode("utf-8", "replace"), digest_size=12).digest()

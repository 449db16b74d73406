"""What a run did lately, as far as it takes to see that it goes round in circles."""

from decimal import Decimal

from pydantic import JsonValue

from callboard.domain.frozen import value
from callboard.domain.message import JsonOutput
from callboard.domain.run.call import Call

KEPT = 32
"""Actions that are remembered: enough for every pattern that is looked for."""


@value
class Action:
    """A call that was settled. `told` is what came of it.

    `is_new`: it told or changed something that no action before it did.
    """

    turn: int
    call: Call
    told: list[JsonValue]
    is_new: bool


@value
class Mark:
    """A turn, and what the run had cost by then."""

    turn: int = 0
    spent_usd: Decimal = Decimal(0)


@value
class Deeds:
    """The last actions, and when one of them last told anything new (`news`) or changed something (`change`)."""

    actions: tuple[Action, ...] = ()
    news: Mark = Mark()
    change: Mark = Mark()


def with_calls(known: Deeds, turn: int, calls: tuple[Call, ...], spent_usd: Decimal) -> Deeds:
    """Return the deeds with those of one more turn."""
    actions = list(known.actions)
    news, change, now = known.news, known.change, Mark(turn, spent_usd)
    for call in calls:
        told = _told(call)
        is_new = told not in [one.told for one in actions]
        if call.facts.access == "write" and not (call.result is not None and call.result.is_error):
            is_new = is_new or call.asked not in [one.call.asked for one in actions]
            change = now if is_new else change
        news = now if is_new else news
        actions.append(Action(turn, call, told, is_new))
    return Deeds(tuple(actions[-KEPT:]), news, change)


def _told(call: Call) -> list[JsonValue]:
    outputs = call.result.output if call.result is not None else ()
    return [part.value if isinstance(part, JsonOutput) else part.data for part in outputs]

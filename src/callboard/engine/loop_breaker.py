"""What happens to a run that goes round in circles: a word to the model, then to a person, or the end."""

import json
from decimal import Decimal
from typing import Literal

from callboard.domain.events.conversation import MessageAdded
from callboard.domain.events.gate import GateOpened
from callboard.domain.events.loop import LoopDetected, LoopKind
from callboard.domain.message import JsonOutput, Message, user_message
from callboard.domain.run.actions import Action
from callboard.domain.run.gates import LOOP
from callboard.domain.run.state import RunState
from callboard.engine.commands import Append
from callboard.engine.gates import digest_of, opened_gate
from callboard.engine.loops import Loop, loop_in
from callboard.engine.outputs import failed

PATIENCE = 3
"""Turns that a model has to change its ways after it was warned, before a person is asked."""

MOST_TURNS = 60
"""Turns without anything new after which a run that nobody watches is stopped."""

MOST_USD = Decimal("0.25")
"""What such a run may cost before it is stopped earlier than that."""

WARNING = "LOOP_WARNING"
_SHOWN = 160

_WORDS: dict[LoopKind, str] = {
    "same_call": "You made the same call again and again, and its result was the same each time.",
    "alternating_calls": "You make the same two calls by turns, and their results do not change.",
    "no_new_evidence": "None of your last calls told or changed anything new.",
    "spend_without_change": "Half of the budget went into calls that changed nothing.",
}


def breaking(state: RunState) -> Append | None:
    """Return how a loop is broken, or None where there is none or the model has just been warned."""
    loop = loop_in(state)
    if loop is None:
        return _stopped(state, None) if state.looped else None
    if state.warned_at < loop.since.turn:
        return Append((_detected(state, loop, "warned"), MessageAdded(message=_warning(loop))))
    if state.looped:
        return _stopped(state, loop)
    if state.turn - state.warned_at < PATIENCE:
        return None
    if state.created.on_limit == "wait":
        return Append((_gate(state, loop),))
    if _is_tolerable(state, loop):
        return None
    return Append((_detected(state, loop, "stopped"),))


def _is_tolerable(state: RunState, loop: Loop) -> bool:
    """Return whether a run that nobody can be asked about may go on: circling that costs next to nothing may
    be waiting for something.
    """
    burnt = state.bill.known_usd - loop.since.spent_usd
    return state.turn - loop.since.turn < MOST_TURNS and burnt < MOST_USD


def _stopped(state: RunState, loop: Loop | None) -> Append:
    what = _WORDS[loop.kind] if loop is not None else "The run went round in circles."
    shown = "".join(f"\n  {line}" for line in lines_of(loop.actions if loop is not None else ()))
    message = f"The run was stopped, because it went round in circles. {what} The last ones:{shown}"
    return Append((failed(state, message, "loop"),))


def _detected(state: RunState, loop: Loop, stage: Literal["warned", "stopped"]) -> LoopDetected:
    return LoopDetected(
        kind=loop.kind,
        stage=stage,
        turn=state.turn,
        since_turn=loop.since.turn + 1,
        actions=lines_of(loop.actions),
    )


def _warning(loop: Loop) -> Message:
    text = (
        f"<system>{_WORDS[loop.kind]} Do something else: look at what you know, try another way, or end "
        "your turn and say what keeps you from going on.</system>"
    )
    return user_message(text, WARNING)


def _gate(state: RunState, loop: Loop) -> GateOpened:
    shown = "\n".join(lines_of(loop.actions))
    question = (
        f"{state.subject.definition.display_name} goes round in circles since turn {loop.since.turn + 1}. "
        f"{_WORDS[loop.kind]} May it go on?\n{shown}"
    )
    digest = digest_of([state.run_id, LOOP, state.turn, loop.kind, loop.since.turn])
    return opened_gate(state, "approval_required", LOOP, question, digest)


def lines_of(actions: tuple[Action, ...]) -> tuple[str, ...]:
    """Return actions side by side: what was asked, and what came of it."""
    return tuple(_line(one) for one in actions)


def _line(one: Action) -> str:
    asked = f"{one.call.tool} {json.dumps(one.call.arguments, ensure_ascii=False)}"
    outputs = one.call.result.output if one.call.result is not None else ()
    values = [part.value for part in outputs if isinstance(part, JsonOutput)]
    came = json.dumps(values[0] if len(values) == 1 else values, ensure_ascii=False)
    return f"turn {one.turn}: {_cut(asked)} → {_cut(came)}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

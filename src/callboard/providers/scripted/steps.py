"""Which turn answers a request."""

import re
from dataclasses import dataclass

from callboard.domain.errors import CallboardError
from callboard.domain.message import ToolResultPart
from callboard.ports.model import ModelRequest
from callboard.providers.scripted.script import Match, Rule, Script, ScriptedError, Turn
from callboard.providers.wire.history import result_text


class UnexpectedModelCall(CallboardError):
    """The script has no answer for a request. Not a `ModelError`: trying again would hide a mistake."""

    code = "unexpected_model_call"


class UnconsumedTurns(AssertionError):
    """A script has turns that nobody asked for."""


@dataclass(frozen=True, slots=True)
class _Step:
    """An answer and the failures before it. `answer` is None after failures that end a script."""

    failures: tuple[ScriptedError, ...]
    answer: Turn | None


class ScriptPlayback:
    """A script and how far it has been played."""

    def __init__(self, name: str, script: Script) -> None:
        self._name = name
        self._script = script
        self._steps = _steps(script.turns)
        self._position = 0
        self._reached: set[int] = set()
        self._failed: dict[tuple[str, int], int] = {}
        self._rule_uses = [0] * len(script.rules)

    def next_for(self, request: ModelRequest) -> Turn | ScriptedError:
        """Return the turn that answers the request, or the failure that this attempt meets.

        Raises:
            UnexpectedModelCall: there is none.
        """
        for number, rule in enumerate(self._script.rules):
            if self._applies(number, rule, request):
                self._rule_uses[number] += 1
                turn, key = self._turn_of(rule, number, request)
                error = self._failure_of(key, _Step(_failures(turn), turn))
                return error or turn
        return self._turn_for(request)

    def unconsumed(self) -> list[int]:
        """Return the numbers (from 1) of the turns that were never asked for."""
        return [number + 1 for number in range(len(self._steps)) if number not in self._reached]

    def _applies(self, number: int, rule: Rule, request: ModelRequest) -> bool:
        used_up = rule.times is not None and self._rule_uses[number] >= rule.times
        return not used_up and matches(rule.when, request)

    def _turn_of(
        self, rule: Rule, number: int, request: ModelRequest
    ) -> tuple[Turn, tuple[str, int]]:
        """Return a rule's turn for a request, and under which key its failures are counted."""
        if rule.turn is not None:
            return rule.turn, ("rule", number)
        said = _assistant_messages(request)
        if said >= len(rule.turns):
            raise self._unexpected(request, said)
        return rule.turns[said], (f"rule {number} {request.conversation}", said)

    def _turn_for(self, request: ModelRequest) -> Turn | ScriptedError:
        by_order = self._script.by == "order"
        number = self._position if by_order else _assistant_messages(request)
        if number >= len(self._steps):
            raise self._unexpected(request, number)
        step = self._steps[number]
        error = self._failure_of(("" if by_order else request.conversation, number), step)
        if error is not None:
            if step.answer is None:
                self._reached.add(number)
            return error
        if step.answer is None:
            raise self._unexpected(request, number)
        self._reached.add(number)
        self._position += 1
        return step.answer

    def _failure_of(self, key: tuple[str, int], step: _Step) -> ScriptedError | None:
        failed = self._failed.get(key, 0)
        if failed >= len(step.failures):
            return None
        self._failed[key] = failed + 1
        return step.failures[failed]

    def _unexpected(self, request: ModelRequest, number: int) -> UnexpectedModelCall:
        return UnexpectedModelCall(
            f"The script {self._name!r} has {len(self._steps)} turns and no rule that applies, but turn"
            f" {number + 1} was asked for (run {request.conversation}, last user text:"
            f" {last_user_text(request)[:200]!r})."
        )


def matches(when: Match, request: ModelRequest) -> bool:
    """Whether a request is as `when` describes it."""
    texts = (
        (when.user, last_user_text(request)),
        (when.system, request.system),
        (when.tool_result, _latest_results(request)),
        (when.conversation, request.conversation),
    )
    offered = {tool.name for tool in request.tools}
    return offered.issuperset(when.tools) and all(
        pattern is None or re.search(pattern, text) for pattern, text in texts
    )


def last_user_text(request: ModelRequest) -> str:
    """Return the text of the last user message, empty where there is none."""
    return next((each.text for each in reversed(request.messages) if each.role == "user"), "")


def _latest_results(request: ModelRequest) -> str:
    for message in reversed(request.messages):
        if message.role == "tool":
            results = [part for part in message.parts if isinstance(part, ToolResultPart)]
            return "\n".join(result_text(part) for part in results)
        if message.role == "assistant":
            break
    return ""


def _assistant_messages(request: ModelRequest) -> int:
    return sum(message.role == "assistant" for message in request.messages)


def _failures(turn: Turn) -> tuple[ScriptedError, ...]:
    return (turn.error,) * turn.error.times if turn.error else ()


def _steps(turns: tuple[Turn, ...]) -> list[_Step]:
    steps: list[_Step] = []
    failures: tuple[ScriptedError, ...] = ()
    for turn in turns:
        failures += _failures(turn)
        if turn.answers or turn.error is None:
            steps.append(_Step(failures, turn))
            failures = ()
    return [*steps, _Step(failures, None)] if failures else steps

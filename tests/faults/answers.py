"""The answers that a log holds."""

from collections import Counter
from collections.abc import Iterable

from callboard.domain.events.codec import Recorded
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.events.program import SampleCompleted


def answers_in(entries: Iterable[Recorded]) -> "Counter[tuple[str, int]]":
    """How often each answer is there, by run and turn; samples by their index, below zero."""
    answers: Counter[tuple[str, int]] = Counter()
    for entry in entries:
        match entry.event:
            case ModelCallCompleted() as answer:
                answers[entry.run_id, answer.turn] += 1
            case SampleCompleted() as sample:
                answers[entry.run_id, -1 - sample.index] += 1
            case _:
                pass
    return answers

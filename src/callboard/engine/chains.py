"""Chains of models: which one is asked where the one before it does not answer."""

from typing import Final

from callboard.domain.events.model_call import ModelFailure, ModelReplaced
from callboard.domain.run.state import RunState

_ABSENT: Final = frozenset({"not_found", "missing_key"})
"""Failures that no repetition cures and that say nothing against the request: another model may answer it."""


def next_in_chain(state: RunState, failure: ModelFailure) -> ModelReplaced | None:
    """Return the step to the next model of the run's chain after a failure that is not retried any more.

    None where the chain is at its end, or where the failure is an answer of its own kind: a refusal, an
    invalid request or a wrong key does not become right because somebody else is asked.
    """
    position = state.position + 1
    if position >= len(state.subject.chain) or not is_outage(failure):
        return None
    return ModelReplaced(
        position=position,
        model=state.subject.chain[position].model,
        replaces=state.model,
        failure=failure,
    )


def is_outage(failure: ModelFailure) -> bool:
    """Return whether a model was not there to answer, rather than unwilling to."""
    return failure.retryable or failure.reason in _ABSENT


def those_asked(state: RunState) -> str:
    """Return the models of the chain that were asked before the present one."""
    return ", ".join(str(choice) for choice in state.subject.chain[: state.position])

"""What may be said about a single run."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.message import JsonObject, MediaPart
from callboard.sdk.results import RunResult


class RunOptions(TypedDict, total=False):
    """Options of one run, all of them optional.

    Attributes:
        params: parameters, as the agent's inputSchema wants them.
        attachments: images and documents beside the prompt.
        limits: bounds of this run; the agent's own hold as well.
        previous_run: the run (or its id) whose conversation this one continues.
        run_id: the run's id; a new one otherwise.
    """

    params: JsonObject | None
    attachments: Sequence[MediaPart]
    limits: Limits | None
    previous_run: RunResult | str | None
    run_id: str | None


_KINDS: Final[Mapping[str, tuple[tuple[type, ...], str]]] = {
    "params": ((Mapping,), "a dictionary"),
    "limits": ((Limits,), "`callboard.Limits`"),
    "previous_run": ((RunResult, str), "a result of `run`, or a run's id"),
    "run_id": ((str,), "a text"),
}


def check_call(agent: object, prompt: object, options: Mapping[str, object]) -> None:
    """Do nothing where a run can be asked for like this. Python checks none of it, and an option that nobody reads would
    be a limit that does not hold.

    Raises:
        TypeError: an option that there is not, or something of another kind than is asked for.
    """
    known = RunOptions.__annotations__
    for name in options.keys() - known.keys():
        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
        raise TypeError(f"a run has no option {name}{hint}")
    if not isinstance(agent, AgentDefinition | str):
        raise TypeError(_not("agent", "an agent's id, or a `callboard.Agent`", agent))
    if not isinstance(prompt, str | None):
        raise TypeError(_not("prompt", "a text", prompt))
    for name, (kinds, words) in _KINDS.items():
        given = options.get(name)
        if given is not None and not isinstance(given, kinds):
            raise TypeError(_not(name, words, given))


def _not(name: str, words: str, given: object) -> str:
    return f"{name} must be {words}, not {type(given).__name__}"

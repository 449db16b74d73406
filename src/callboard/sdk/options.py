"""What may be said about a single run."""

from collections.abc import Sequence
from typing import TypedDict

from callboard.domain.definition.agent import Limits
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

"""The read projection of attempts: what became of each run that served a step."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from callboard.domain.run_row import RunStatus

AttemptOutcome = Literal["passed", "rejected", "failed"]


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """What became of one attempt. `run_id` is the run that served it. A `judge` gives a verdict on the work of
    others; `outcome` is then that of the step, and `judged` whether there was a verdict at all. `sent_back_by` is
    the later step whose rejection undid it.
    """

    run_id: str
    judge: bool
    outcome: AttemptOutcome
    judged: bool = False
    sent_back_by: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt with the run that served it: what is measured. `cost_usd` is None where a part is unknown;
    without `row` it is not settled yet.
    """

    run_id: str
    space: str
    task: str | None
    step: str
    agent: str
    digest: str
    model: str | None
    status: RunStatus
    cost_usd: Decimal | None
    input_tokens: int
    output_tokens: int
    began_at: datetime
    ended_at: datetime | None
    row: AttemptRow | None = None

    @property
    def accepted(self) -> bool | None:
        """Whether the work stands: it passed and nothing later undid it, or it was a judge's clear verdict. None
        while that is open.
        """
        if self.row is None:
            return None if self.status in ("running", "waiting") else False
        if self.row.judge:
            return self.row.judged
        return self.row.outcome == "passed" and self.row.sent_back_by is None

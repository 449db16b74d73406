"""Opening a gate: what every gate of an agent's run says, and what a decision about it is bound to."""

import hashlib
import json
from collections.abc import Sequence

from pydantic import JsonValue

from callboard.domain.events.gate import GateOpened, GateReason
from callboard.domain.run.state import RunState


def opened_gate(
    state: RunState, reason: GateReason, subject: str, question: str, digest: str
) -> GateOpened:
    """Return the next gate of a run; a decision holds for `digest` and nothing else."""
    return GateOpened(
        gate_id=f"g{state.gates_opened + 1}",
        reason=reason,
        subject=subject,
        question=question,
        digest=digest,
        asked_by=state.subject.definition.id,
        requested_by=state.created.actor,
        bill=state.bill,
    )


def digest_of(bound: Sequence[JsonValue]) -> str:
    """Return the digest of everything that a decision is bound to."""
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()

"""What an export says at a glance: definitions, approvals and usage, worked out from the events alone.

Whoever writes an export and whoever checks one go through the same events with the same class: what the file
says at its end is what its events add up to, or the file is wrong.
"""

import hashlib
import json
from typing import Final

from callboard.domain.events.codec import Recorded, timestamp
from callboard.domain.events.files import FilesChanged
from callboard.domain.events.gate import (
    ApprovalGiven,
    GateDecided,
    GateExpired,
    GateOpened,
    GateWithdrawn,
)
from callboard.domain.events.run import AgentSubject, RunCreated, WorkflowSubject
from callboard.domain.message import JsonObject
from callboard.domain.run_row import RunRow
from callboard.domain.usage import NANO
from callboard.engine.projection import first_row, project

_DEFINITION: Final = '"definition":'


class Index:
    """Goes through the events of a tree of runs, one run after the other."""

    def __init__(self) -> None:
        self._rows: dict[str, RunRow] = {}
        self._definitions: dict[str, JsonObject] = {}
        self._approvals: list[JsonObject] = []
        self.trees: dict[str, str] = {}

    def add(self, recorded: Recorded, body: bytes) -> None:
        """Take the next event of a run into account. `body` is the event as stored.

        Raises:
            ValueError: a log does not begin with the creation of its run.
        """
        event, run_id = recorded.event, recorded.run_id
        row = self._rows.get(run_id)
        if isinstance(event, RunCreated) and row is None:
            self._rows[run_id] = first_row(recorded, event)
            self._note_definition(run_id, event, body)
            return
        if row is None:
            raise ValueError("the log does not begin with run.created")
        self._rows[run_id] = project(row, [recorded])
        if isinstance(event, FilesChanged):
            self._note_trees(event.base_tree, event.tree, workspace=self._rows[run_id].workspace)
        elif isinstance(
            event, GateOpened | GateDecided | ApprovalGiven | GateExpired | GateWithdrawn
        ):
            self._approvals.append(_approval(recorded))

    def status(self, run_id: str) -> str:
        """Return how a run stands."""
        return self._rows[run_id].status

    def definition_digest(self, run_id: str) -> str | None:
        """Return the digest of the definition that an agent's run executes; None for a workflow's."""
        digest = self._definitions[run_id].get("digest")
        return digest if isinstance(digest, str) else None

    def fields(self) -> dict[str, object]:
        """Return what the index line says."""
        return {
            "definitions": list(self._definitions.values()),
            "approvals": self._approvals,
            "usage": [_usage(row) for row in self._rows.values()],
            "trees": sorted(self.trees),
        }

    def _note_definition(self, run_id: str, created: RunCreated, body: bytes) -> None:
        subject = created.subject
        if isinstance(subject, AgentSubject):
            digest = definition_digest(body)
            self._definitions[run_id] = {
                "run": run_id,
                "id": subject.definition.id,
                "digest": digest,
            }
        else:
            assert isinstance(subject, WorkflowSubject)  # noqa: S101 - the only other one
            self._note_trees(subject.base_tree, workspace=created.workspace)
            self._definitions[run_id] = {"run": run_id, "id": subject.workflow.id, "digest": None}

    def _note_trees(self, *trees: str, workspace: str) -> None:
        for tree in trees:
            self.trees.setdefault(tree, workspace)


def definition_digest(body: bytes) -> str | None:
    """Return the SHA-256 of the definition in the body of an agent's `run.created`, over the bytes that were
    stored: what later releases add to the language does not change it.
    """
    text = body.decode()
    start = text.find(_DEFINITION) + len(_DEFINITION)
    if start < len(_DEFINITION):
        return None
    _, end = json.JSONDecoder().raw_decode(text, start)
    return hashlib.sha256(text[start:end].encode()).hexdigest()


def _approval(recorded: Recorded) -> JsonObject:
    event = recorded.event
    said: JsonObject = {
        "run": recorded.run_id,
        "seq": recorded.seq,
        "at": timestamp(recorded.at),
        "type": event.type,
    }
    match event:
        case GateOpened():
            return said | {
                "gate": event.gate_id,
                "reason": event.reason,
                "digest": event.digest,
                "tool": event.tool,
            }
        case GateDecided():
            actor = event.actor
            return said | {
                "gate": event.gate_id,
                "verdict": event.verdict,
                "by": f"{actor.kind} {actor.name}",
            }
        case ApprovalGiven():
            return said | {"gate": event.gate_id, "by": f"{event.actor.kind} {event.actor.name}"}
        case GateExpired() | GateWithdrawn():
            return said | {"gate": event.gate_id}
        case _:
            return said


def _usage(row: RunRow) -> dict[str, object]:
    """Return what a run cost, with everything below it as far as it has ended. Money is in billionths of a US
    dollar, and None where a part of it is unknown.
    """
    total = row.bill.total_usd
    return {
        "run": row.run_id,
        "status": row.status,
        "turns": row.turns,
        "tool_calls": row.tool_calls,
        "input_tokens": row.usage.input_tokens,
        "output_tokens": row.usage.output_tokens,
        "nano_usd": None if total is None else int(total / NANO),
    }

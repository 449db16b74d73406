"""Where the corpus is, and how it is read."""

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from callboard.domain.events.codec import Sealed, unseal
from callboard.domain.events.workflow import StepEnded
from callboard.domain.run.state import RunState
from callboard.domain.task_run.state import TaskState
from callboard.engine.decide import decide
from callboard.engine.tasks.decide import decide_task
from callboard.runtime.reading import project_all
from callboard.runtime.standing import fold_any

HERE = Path(__file__).parent
EVENTS = HERE / "events"
LOGS = HERE / "logs"
SUMS = HERE / "SHA256SUMS"


def every_file() -> list[Path]:
    return sorted([*EVENTS.glob("*.json"), *LOGS.glob("*.json*")])


def read_log(path: Path) -> dict[str, list[Sealed]]:
    """The logs in a file, each by its run's id."""
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return by_run(
        Sealed(entry["run_id"], entry["seq"], entry["body"].encode(), entry["hash"])
        for entry in entries
    )


def by_run(sealed: Iterable[Sealed]) -> dict[str, list[Sealed]]:
    ordered = sorted(sealed, key=lambda entry: entry.run_id)  # stable: each log keeps its order
    return {name: list(log) for name, log in groupby(ordered, key=lambda entry: entry.run_id)}


def adds_up_to(sealed: Iterable[Sealed]) -> dict[str, Any]:
    """What people rely on of each run: status, output, turns, money, tokens, attempts, commit."""
    return {run_id: _summary(log) for run_id, log in by_run(sealed).items()}


def _summary(log: list[Sealed]) -> dict[str, Any]:
    recorded = [unseal(entry) for entry in log]
    state = fold_any(recorded)
    row = project_all(recorded)
    shared: dict[str, Any] = {
        "events": len(log),
        "head": log[-1].hash,
        "kind": row.kind,
        "status": state.status,
        "turns": row.turns,
        "tool_calls": row.tool_calls,
        "usage": state.usage.model_dump(),
        "known_usd": str(state.bill.known_usd),
        "has_unknown_cost": state.bill.has_unknown,
        "output": state.terminal.output.model_dump(mode="json") if state.terminal else None,
    }
    return shared | (_agent(state) if isinstance(state, RunState) else _task(state))


def _agent(state: RunState) -> dict[str, Any]:
    return {
        "next": type(decide(state)).__name__,
        "messages": [[message.role, message.text] for message in state.messages],
        "decisions": [getattr(closing, "verdict", closing.type) for _, closing in state.decisions],
        "epoch": state.epoch,
    }


def _task(state: TaskState) -> dict[str, Any]:
    return {
        "next": type(decide_task(state)).__name__,
        "steps": [
            [ended.step, ended.attempt, ended.outcome]
            for ended in state.history
            if isinstance(ended, StepEnded)
        ],
        "commit": state.commit.commit if state.commit else None,
        "epoch": state.epoch,
    }

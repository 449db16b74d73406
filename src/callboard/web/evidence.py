"""What speaks for and against a decision: the change, what the engine verified, and what the reviewers said."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from callboard.domain.events.codec import Recorded
from callboard.domain.events.workflow import CheckCompleted, CheckStarted, StepEnded
from callboard.domain.org.principal import Principal
from callboard.runtime.reading import load
from callboard.usecases.app import App
from callboard.usecases.diff import last_files
from callboard.usecases.gates import OpenGate
from callboard.usecases.preview import preview_of
from callboard.web.render import words
from callboard.web.render.changes import files_of
from callboard.web.render.diff import diff

_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that the engine made: what it was, and whether it held."""

    step: str
    command: str
    passed: bool
    took_ms: int


@dataclass(frozen=True, slots=True)
class Judged:
    """How a step ended at its last attempt, and in whose words."""

    step: str
    attempt: int
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it. `changes` are files with lines added and removed, `shown` the change itself; `of_call`: it is what the
    call that waits would do.
    """

    changes: Sequence[tuple[str, int, int]]
    shown: Markup
    of_call: bool
    checks: Sequence[Checked]
    steps: Sequence[Judged]

    @property
    def summary(self) -> str:
        """In a line: how many files, and how many checks held."""
        added = sum(one for _, one, _ in self.changes)
        removed = sum(one for _, _, one in self.changes)
        parts: list[str] = []
        if self.changes:
            parts.append(f"{words.count(len(self.changes), 'file')}, +{added} −{removed}")  # noqa: RUF001 - the minus that a change has everywhere
        if self.checks:
            held = sum(one.passed for one in self.checks)
            parts.append(f"{held} of {len(self.checks)} checks passed")
        return " · ".join(parts) or "No file was changed."


async def evidence_of(app: App, who: Principal, gate: OpenGate) -> Evidence:
    """Return the evidence beside an open gate. Whoever asks was let see it."""
    entries = await load(app.ports.store, gate.row.root_id)
    proposed = await preview_of(app, who, gate)
    files = last_files(entries)
    if files is None and gate.row.run_id != gate.row.root_id:
        files = last_files(await load(app.ports.store, gate.row.run_id))
    changes = [
        (change.path, change.added or 0, change.removed or 0)
        for change in (files.changes if files is not None else ())
    ]
    text = proposed or (files.diff or "" if files is not None else "")
    shown = diff(files_of(text), limit=_MOST_LINES, more=f"/runs/{gate.row.root_id}/diff")
    return Evidence(
        changes, shown if text else Markup(""), bool(proposed), _checks(entries), _steps(entries)
    )


def _checks(entries: Sequence[Recorded]) -> list[Checked]:
    """Return the checks of the last attempt of every step."""
    commands: dict[tuple[str, int, int], str] = {}
    made: dict[tuple[str, int], Checked] = {}
    for entry in entries:
        match entry.event:
            case CheckStarted() as event:
                commands[event.step, event.attempt, event.index] = event.command
            case CheckCompleted() as event:
                command = commands.get((event.step, event.attempt, event.index), "")
                one = Checked(event.step, command, event.passed, event.duration_ms)
                made[event.step, event.index] = one
            case _:
                pass
    return list(made.values())


def _steps(entries: Sequence[Recorded]) -> list[Judged]:
    ended = (entry.event for entry in entries)
    last = {
        event.step: Judged(event.step, event.attempt, event.outcome, event.reason)
        for event in ended
        if isinstance(event, StepEnded)
    }
    return list(last.values())

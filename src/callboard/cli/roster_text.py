"""Agents of the roster and what a change touches, for people and for programs."""

from typing import Annotated

import typer

from callboard.cli.text import count
from callboard.usecases.blast_radius import BlastRadius
from callboard.usecases.roster_reading import Listed
from callboard.usecases.trials import TrialStanding

Name = Annotated[str, typer.Argument(help="The agent's id.")]
Note = Annotated[str, typer.Option(help="Why, for the record.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_FEW = 8


def listed_json(one: Listed) -> dict[str, object]:
    """Return an agent with the version that counts."""
    return {
        **one.agent.model_dump(mode="json"),
        "revision": one.revision,
        "version": one.version.number,
        "digest": one.version.digest,
        "name": one.version.definition.display_name,
        "model": one.version.definition.model,
        "skills": list(one.version.definition.skills),
    }


def standing_line(standing: TrialStanding) -> str:
    """Return how a trial stands, in a line."""
    trial, tried, live = standing.trial, standing.tried, standing.live
    return (
        f"trial of version {trial.version} since {trial.since:%Y-%m-%d %H:%M}: {tried.accepted} of {tried.finished} "
        f"accepted; live: {live.accepted} of {live.finished}; looked at from {trial.bound.attempts} on"
    )


def standing_json(standing: TrialStanding | None) -> dict[str, object] | None:
    """Return how a trial stands."""
    if standing is None:
        return None
    sides = {"tried": standing.tried, "live": standing.live}
    return {
        name: {"accepted": one.accepted, "finished": one.finished, "acceptance": one.acceptance}
        for name, one in sides.items()
    }


def radius_json(radius: BlastRadius) -> dict[str, object]:
    """Return what a change touches."""
    return {
        "agent": radius.agent,
        "workflows": [
            {"id": one.id, "space": one.space, "steps": dict(one.steps)} for one in radius.workflows
        ],
        "spaces": list(radius.spaces),
        "queued": list(radius.queued),
        "under_way": list(radius.under_way),
        "people": list(radius.people),
        "hidden_spaces": radius.hidden,
    }


def radius_lines(radius: BlastRadius) -> list[str]:
    """Return what a change touches, a line for each sort of thing."""
    lines = [
        f"workflow {one.id}: " + ", ".join(f"{step} ({way})" for step, way in one.steps.items())
        for one in radius.workflows
    ]
    for what, names in (
        ("space", radius.spaces),
        ("queued task", radius.queued),
        ("task under way", radius.under_way),
        ("person", radius.people),
    ):
        if names:
            lines.append(f"{_counted(len(names), what)}: {_few(names)}")
    if radius.hidden:
        lines.append(f"{count(radius.hidden, 'further space')} that you do not see")
    return lines or ["nothing uses it"]


def _counted(number: int, what: str) -> str:
    plural = {"person": "people", "task under way": "tasks under way"}
    return f"{number} {plural[what]}" if what in plural and number != 1 else count(number, what)


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more

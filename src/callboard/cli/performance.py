"""`callboard performance`: what agents cost, how often their work stands, how long it takes."""

from typing import Annotated

import typer

from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.cli.text import dollars, duration
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.engine.performance import AXES, Axis, Interval, Performance
from callboard.usecases.app import App
from callboard.usecases.performance import compare_versions, measure

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Days = Annotated[float, typer.Option(min=0.01, max=3650, help="How many days back.")]


@app.callback()
def performance() -> None:
    """See what agents cost, how often their work stands, how long it takes."""


@app.command()
def show(
    by: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(AXES)}; given again, within the first. Default: agent."),
    ] = None,
    *,
    space: Annotated[str | None, typer.Option(help="Only work of this space.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only this agent.")] = None,
    days: Days = 30,
    json_output: Json = False,
) -> None:
    """Show a line for each agent, version, step, space or model."""

    async def work(app: App, who: Principal) -> int:
        axes = _axes(by)
        lines = await measure(app, who, axes, space=space, agent=agent, days=days)
        if json_output:
            give_json([_json(axes, line) for line in lines])
        elif lines:
            header = (*(axis.upper() for axis in axes), *_HEADER)
            for text in table(header, [(*line.key, *_cells(line)) for line in lines]):
                give(text)
            if not all(line.is_believable for line in lines):
                say("* too few settled attempts to compare with others")
        else:
            say("No agent worked on a task in this time.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def compare(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    before: Annotated[str, typer.Argument(help="How the digest of one version begins.")],
    after: Annotated[str, typer.Argument(help="How the digest of the other begins.")],
    *,
    days: Days = 365,
    json_output: Json = False,
) -> None:
    """Compare two versions of an agent, and say what can be told from chance."""

    async def work(app: App, who: Principal) -> int:
        found = await compare_versions(app, who, agent, before, after, days=days)
        if json_output:
            sides = {
                name: _json(("version",), side)
                for name, side in (("before", found.before), ("after", found.after))
            }
            give_json({**sides, "verdict": found.verdict})
            return DONE
        rows = [(*side.key, *_cells(side)) for side in (found.before, found.after)]
        for text in table(("VERSION", *_HEADER), rows):
            give(text)
        give(found.verdict)
        return DONE

    guarded(lambda: with_app(work))


_HEADER = (
    "DONE",
    "ACCEPTED",
    "ERRORS",
    "REJECTED",
    "COST",
    "PER ACCEPTED",
    "REWORK",
    "MEDIAN",
    "P90",
)


def _axes(given: list[str] | None) -> tuple[Axis, ...]:
    for name in given or ():
        if name not in AXES:
            raise ConfigurationInvalid(f"--by {name}: use one of {', '.join(AXES)}")
    return tuple(axis for axis in AXES if axis in (given or ["agent"]))


def _cells(line: Performance) -> tuple[str, ...]:
    flag = "" if line.is_believable else " *"
    return (
        f"{line.tasks}",
        f"{_percent(line.acceptance.value if line.acceptance else None)} of {line.settled}{flag}",
        _percent(line.error_rate),
        _percent(line.rejection_rate),
        dollars(line.cost_usd) + (f" + {line.unknown_cost} unknown" if line.unknown_cost else ""),
        "" if line.per_accepted_usd is None else dollars(line.per_accepted_usd),
        dollars(line.rework_usd),
        "" if line.median_s is None else duration(line.median_s),
        "" if line.p90_s is None else duration(line.p90_s),
    )


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.0%}"


def _json(axes: tuple[str, ...], line: Performance) -> dict[str, object]:
    return {
        **dict(zip(axes, line.key, strict=True)),
        "attempts": line.attempts,
        "settled": line.settled,
        "accepted": line.accepted,
        "tasks": line.tasks,
        "acceptance": _interval(line.acceptance),
        "error_rate": line.error_rate,
        "rejection_rate": line.rejection_rate,
        "cost_usd": float(line.cost_usd),
        "cost_per_attempt_usd": _interval(line.cost),
        "cost_per_accepted_usd": None
        if line.per_accepted_usd is None
        else float(line.per_accepted_usd),
        "rework_usd": float(line.rework_usd),
        "unknown_cost": line.unknown_cost,
        "median_s": line.median_s,
        "p90_s": line.p90_s,
        "input_tokens": line.input_tokens,
        "output_tokens": line.output_tokens,
        "believable": line.is_believable,
        "run_ids": list(line.run_ids),
    }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {"value": interval.value, "low": interval.low, "high": interval.high}

"""`callboard limits`: how much may go on at a time and in a minute, and how much does."""

from typing import Annotated, Final

import typer

from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.org.principal import Principal
from callboard.engine.pacing import Limit
from callboard.usecases.app import App
from callboard.usecases.limits import (
    Bounds,
    BoundsStanding,
    list_limits,
    remove_limit,
    set_limit,
    wording,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Name = Annotated[
    str,
    typer.Argument(
        help="`provider:NAME`, `model:NAME`, `credential:NAME`, `agent:ID` or `space:ID`."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_HEADER: Final = (
    *("NAME", "AT ONCE", "NOW", "PER MINUTE", "BURST", "LEFT"),
    *("TOKENS PER MINUTE", "TOKENS LEFT"),
)


@app.callback()
def limits() -> None:
    """See and set limits on what goes on at a time and in a minute, over all workers."""


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List limits, and how much goes on under each."""

    async def work(app: App, who: Principal) -> int:
        found = await list_limits(app, who)
        if json_output:
            give_json([_json(one) for one in found])
        elif found:
            rows = [_cells(one) for one in found]
            for line in table(_HEADER, rows):
                give(line)
        else:
            say(
                "There are no limits. `callboard limits set provider:openrouter --at-once 20` sets one."
            )
        return DONE

    guarded(lambda: with_app(work))


@app.command("set")
def set_(
    name: Name,
    at_once: Annotated[int | None, typer.Option(help="How many may go on at a time.")] = None,
    per_minute: Annotated[int | None, typer.Option(help="How many may begin in a minute.")] = None,
    burst: Annotated[
        int | None,
        typer.Option(help="How many of those at once, after a quiet time. Default: a tenth."),
    ] = None,
    tokens_per_minute: Annotated[
        int | None,
        typer.Option(
            help="How many tokens model calls may come to in a minute, asked and answered."
        ),
    ] = None,
) -> None:
    """Set a limit. Model calls count under their provider, model and credential; runs under their agent; tasks under
    their space.
    """

    async def work(app: App, who: Principal) -> int:
        limit = Limit(name, at_once, per_minute, burst)
        bounds = await set_limit(app, who, Bounds(limit, tokens_per_minute))
        say(f"{bounds.limit.name}: {wording(bounds)}")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def remove(name: Name) -> None:
    """Take a limit away."""

    async def work(app: App, who: Principal) -> int:
        await remove_limit(app, who, name)
        say(f"{name} has no limit any more.")
        return DONE

    guarded(lambda: with_app(work))


def _cells(one: BoundsStanding) -> tuple[str, ...]:
    limit = one.bounds.limit
    burst = None if limit.per_minute is None else limit.depth
    requests = (limit.at_once, one.in_use, limit.per_minute, burst, one.left)
    numbers = (*requests, one.bounds.tokens_per_minute, one.tokens_left)
    return (limit.name, *("" if number is None else str(number) for number in numbers))


def _json(one: BoundsStanding) -> dict[str, object]:
    limit = one.bounds.limit
    return {
        "name": limit.name,
        "at_once": limit.at_once,
        "per_minute": limit.per_minute,
        "burst": limit.burst,
        "tokens_per_minute": one.bounds.tokens_per_minute,
        "in_use": one.in_use,
        "left": one.left,
        "tokens_left": one.tokens_left,
    }

"""`callboard usage`: what was spent, by whatever it can be counted by."""

from collections.abc import Mapping
from typing import Annotated

import typer

from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.cli.text import dollars
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import Principal
from callboard.engine.ledger import AXES, Axis, Total, totals, whole
from callboard.usecases.app import App
from callboard.usecases.spending import usage_of

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def usage(
    run_id: Annotated[
        str | None, typer.Argument(help="A run, with everything below it (default: all runs).")
    ] = None,
    by: Annotated[str, typer.Option(help=f"What to count by: {', '.join(AXES)}.")] = "model",
    *,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what was paid and what it is worth at market prices; the sum is the same by every axis."""

    async def work(app: App, who: Principal) -> int:
        axis = _axis(by)
        entries = await usage_of(app, who, run_id)
        found, total = totals(entries, axis), whole(entries)
        if json_output:
            give_json({"by": axis, "groups": _groups(found), "total": _json(total)})
        elif entries:
            rows = [*(_cells(tag, one) for tag, one in found.items()), _cells("total", total)]
            heads = (axis.upper(), "CALLS", "INPUT", "OUTPUT", "PAID", "MARKET")
            for line in table(heads, rows):
                give(line)
        else:
            say("No model was asked yet.")
        return DONE

    guarded(lambda: with_app(work))


def _axis(text: str) -> Axis:
    if text not in AXES:
        raise ConfigurationInvalid(f"--by {text!r}: use one of {', '.join(AXES)}")
    return text


def _cells(tag: str, one: Total) -> tuple[str, ...]:
    return (
        tag,
        str(one.calls),
        str(one.usage.input_tokens),
        str(one.usage.output_tokens),
        dollars(one.paid.total_usd),
        dollars(one.market.total_usd),
    )


def _groups(found: Mapping[str, Total]) -> list[dict[str, object]]:
    return [{"tag": tag, **_json(one)} for tag, one in found.items()]


def _json(one: Total) -> dict[str, object]:
    paid, market = one.paid.total_usd, one.market.total_usd
    return {
        "calls": one.calls,
        **one.usage.model_dump(),
        "paid_usd": None if paid is None else float(paid),
        "known_paid_usd": float(one.paid.known_usd),
        "market_usd": None if market is None else float(market),
    }

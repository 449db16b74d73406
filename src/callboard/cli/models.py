"""`callboard models`: what is asked here, under which names, and whether it answers."""

from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import Sources, model_facts
from callboard.cli.mistakes import MISTAKE
from callboard.cli.plain import one_line
from callboard.cli.process import DONE, FAILED, guarded, settings, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.cli.text import dollars, tokens
from callboard.domain.org.principal import Principal
from callboard.domain.usage import Usage
from callboard.ports.model_facts import ListPrice
from callboard.usecases.app import App
from callboard.usecases.model_trials import Trial, Tried, try_models
from callboard.usecases.models import ListedModel, ListedProvider, list_models

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Agents = Annotated[list[Path] | None, typer.Option(help="Folder with definitions.")]
Workspace = Annotated[Path, typer.Option(help="Directory whose .agents are read.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_PRICING = {"metered": "told with each answer", "listed": "price list", "none": "unknown"}


@app.callback()
def models() -> None:
    """List the models in use, and try them with a real call."""


@app.command("list")
def list_(agents: Agents = None, workspace: Workspace = Path(), json_output: Json = False) -> None:
    """List providers with what it takes to ask them, and the models that agents, aliases and chains name."""

    async def work(app: App, who: Principal) -> int:
        listed = await list_models(app, who, model_facts(settings()))
        if json_output:
            give_json(
                {
                    "providers": [_provider_json(one) for one in listed.providers],
                    "models": [_model_json(one) for one in listed.models],
                    "problems": list(listed.problems),
                }
            )
            return DONE
        header = ("PROVIDER", "KEY", "ADDRESS", "COST")
        for line in table(header, [_provider_row(one) for one in listed.providers]):
            give(line)
        give("")
        header = ("MODEL", "PROVIDER", "IN / OUT, PER MILLION", "NAMED BY")
        for line in table(header, [_model_row(one) for one in listed.models]):
            give(line)
        for problem in listed.problems:
            say(problem)
        return DONE

    guarded(lambda: with_app(work, Sources(workspace, tuple(agents or ()))))


@app.command("test")
def try_out(
    model: Annotated[
        str | None, typer.Argument(help="vendor/model, alias/NAME or chain/NAME.")
    ] = None,
    *,
    provider: Annotated[
        str | None, typer.Option(help="Who serves it; without MODEL: what is named there.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option(help="Ask as this agent does, with its model and credential.")
    ] = None,
    space: Annotated[str, typer.Option(help="With the credentials of this space.")] = "",
    agents: Agents = None,
    workspace: Workspace = Path(),
    json_output: Json = False,
) -> None:
    """Send one tiny request to a model and say what came of it; without MODEL, to all in models.yaml.

    Exits 1 if a model did not answer, 2 if it could not be asked.
    """

    async def work(app: App, who: Principal) -> int:
        trial = Trial(model, provider, agent, space)
        tried = await try_models(app, who, trial, model_facts(settings()))
        if json_output:
            give_json([_tried_json(one) for one in tried])
        else:
            for one in tried:
                give(_told(one))
        return _code(tried)

    guarded(lambda: with_app(work, Sources(workspace, tuple(agents or ()))))


def _code(tried: tuple[Tried, ...]) -> int:
    if any(one.reason and not one.misconfigured for one in tried):
        return FAILED
    return MISTAKE if any(one.misconfigured for one in tried) else DONE


def _told(one: Tried) -> str:
    where = f"{one.model} at {one.provider}"
    if one.answer is None:
        return f"failed  {where}: {one.reason}: {one_line(one.message, 600)}"
    spent = tokens(one.answer.usage or Usage()) if one.answer.usage else "tokens unknown"
    by = one.answer.answered_by
    answered = f", answered by {by}" if by and by != one.model else ""
    return (
        f"ok      {where}: {one.latency_ms} ms, {spent}, {dollars(one.answer.cost_usd)}{answered}"
    )


def _tried_json(one: Tried) -> dict[str, object]:
    answer = one.answer
    usage = answer.usage if answer is not None else None
    cost = answer.cost_usd if answer is not None else None
    return {
        "model": one.model,
        "provider": one.provider,
        "ok": answer is not None,
        "latency_ms": one.latency_ms,
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
        "cost_usd": None if cost is None else float(cost),
        "basis": None if answer is None else answer.cost_basis,
        "answered_by": None if answer is None else answer.answered_by,
        "credential": None if answer is None else answer.credential,
        "reason": one.reason,
        "message": one.message or None,
    }


def _provider_row(one: ListedProvider) -> tuple[str, ...]:
    facts = one.facts
    keys = [*one.stored, *([facts.key_variable] if facts.has_key and facts.key_variable else [])]
    missing = f"none ({facts.key_variable} is not set)" if facts.key_variable else "-"
    address = facts.base_url or "as the definition says"
    return (facts.name, ", ".join(keys) or missing, address, _PRICING[facts.pricing])


def _provider_json(one: ListedProvider) -> dict[str, object]:
    return {
        "name": one.facts.name,
        "title": one.facts.title,
        "base_url": one.facts.base_url,
        "key_variable": one.facts.key_variable,
        "has_key": one.facts.has_key,
        "credentials": list(one.stored),
        "pricing": one.facts.pricing,
    }


def _model_row(one: ListedModel) -> tuple[str, ...]:
    provider = f"{one.provider} ({one.base_url})" if one.base_url else one.provider
    return (one.model, provider, _price(one.price), ", ".join(one.named_by))


def _price(price: ListPrice | None) -> str:
    return "-" if price is None else f"${price.input_usd:.2f} / ${price.output_usd:.2f}"


def _model_json(one: ListedModel) -> dict[str, object]:
    price = one.price
    return {
        "model": one.model,
        "provider": one.provider,
        "base_url": one.base_url,
        "input_usd_per_million": None if price is None else float(price.input_usd),
        "output_usd_per_million": None if price is None else float(price.output_usd),
        "named_by": list(one.named_by),
    }

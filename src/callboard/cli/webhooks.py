"""`callboard webhooks`: programs outside that are told what happens."""

from typing import Annotated, cast

import typer

from callboard.cli.process import DONE, guarded, with_app
from callboard.cli.streams import give, give_json, say
from callboard.cli.table import table
from callboard.domain.org.notice import GROUPS, Delivery, NoticeEvent, WebhookRecord
from callboard.domain.org.principal import Principal
from callboard.usecases.app import App
from callboard.usecases.webhooks import (
    NewWebhook,
    SecretTold,
    add_webhook,
    list_deliveries,
    list_webhooks,
    remove_webhook,
    replay_delivery,
    rotate_webhook,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Id = Annotated[str, typer.Argument(metavar="ID", help="The webhook.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def webhooks() -> None:
    """Tell other programs what happens, in signed messages."""


@app.command()
def add(
    webhook_id: Id,
    url: Annotated[str, typer.Argument(help="Where messages are posted.")],
    *,
    space: Annotated[str | None, typer.Option(help="Of this space only.")] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(help=f"Of this event only; repeatable. One of {', '.join(GROUPS)}."),
    ] = None,
    json_output: Json = False,
) -> None:
    """Add a webhook; its secret is shown this once."""

    async def work(app: App, who: Principal) -> int:
        events = cast("tuple[NoticeEvent, ...]", tuple(event or ()))
        told = await add_webhook(app, who, NewWebhook(webhook_id, url, space, events))
        return _give_secret(told, as_json=json_output)

    guarded(lambda: with_app(work))


@app.command("list")
def list_(json_output: Json = False) -> None:
    """List webhooks; never their secrets."""

    async def work(app: App, who: Principal) -> int:
        found = await list_webhooks(app, who)
        if json_output:
            give_json([_json(one) for one in found])
        elif found:
            rows = [_cells(one) for one in found]
            for line in table(("WEBHOOK", "SPACE", "EVENTS", "STATE", "URL"), rows):
                give(line)
        else:
            say("There are no webhooks. `callboard webhooks add` adds one.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def deliveries(webhook_id: Id, json_output: Json = False) -> None:
    """List what was, or is to be, sent to a webhook, the latest first."""

    async def work(app: App, who: Principal) -> int:
        found = await list_deliveries(app, who, webhook_id)
        if json_output:
            give_json([_delivery_json(one) for one in found])
        elif found:
            rows = [_delivery_cells(one) for one in found]
            for line in table(("MESSAGE", "EVENT", "STATE", "TRIES", "LAST"), rows):
                give(line)
        else:
            say("Nothing was sent yet.")
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def replay(
    webhook_id: Id, message_id: Annotated[str, typer.Argument(help="The message's id.")]
) -> None:
    """Send a message again, as a new one."""

    async def work(app: App, who: Principal) -> int:
        again = await replay_delivery(app, who, webhook_id, message_id)
        give(again.message_id)
        return DONE

    guarded(lambda: with_app(work))


@app.command()
def rotate(webhook_id: Id, json_output: Json = False) -> None:
    """Sign with a new secret; for 24 hours with the one before as well."""

    async def work(app: App, who: Principal) -> int:
        return _give_secret(await rotate_webhook(app, who, webhook_id), as_json=json_output)

    guarded(lambda: with_app(work))


@app.command()
def remove(webhook_id: Id) -> None:
    """Take a webhook and its secrets away."""

    async def work(app: App, who: Principal) -> int:
        await remove_webhook(app, who, webhook_id)
        say(f"{webhook_id} is gone.")
        return DONE

    guarded(lambda: with_app(work))


def _give_secret(told: SecretTold, *, as_json: bool) -> int:
    secret = told.secret.get_secret_value()
    if as_json:
        give_json({**_json(told.webhook), "secret": secret})
    else:
        say(f"Messages to {told.webhook.id} are signed with this secret, shown this once:")
        give(secret)
    return DONE


def _cells(one: WebhookRecord) -> tuple[str, ...]:
    state = "active" if one.active else "switched off"
    return (one.id, one.space or "all", ", ".join(one.events) or "all", state, one.url)


def _json(one: WebhookRecord) -> dict[str, object]:
    return one.model_dump(mode="json", exclude={"secrets"})


def _delivery_cells(one: Delivery) -> tuple[str, ...]:
    last = one.attempts[-1] if one.attempts else None
    said = "" if last is None else (last.problem or "taken")
    return (one.message_id, one.event, one.state, str(len(one.attempts)), said)


def _delivery_json(one: Delivery) -> dict[str, object]:
    return one.model_dump(mode="json", exclude={"key", "subject", "text", "recipient", "channel"})

"""Telling programs outside what happens."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from callboard.api.cursors import Page, Wanted
from callboard.api.shapes import Asked
from callboard.domain.org.notice import Delivery, NoticeEvent, WebhookRecord
from callboard.entrance.asking import TheApp, Who
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

router = APIRouter(tags=["webhooks"])
WebhookName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")]


class WebhookAsked(Asked):
    """Which address is to be told about what: of one space or of all, of some events or of all."""

    id: WebhookName
    url: Annotated[str, Field(max_length=2_000)]
    space: Annotated[str, Field(max_length=64)] | None = None
    events: Annotated[tuple[NoticeEvent, ...], Field(max_length=50)] = ()


class ToldWebhook(BaseModel):
    """A webhook, with the secret that its messages are signed with: told once."""

    webhook: WebhookRecord
    secret: str

    @classmethod
    def of(cls, told: SecretTold) -> "ToldWebhook":
        """Return the view of a webhook whose secret is new."""
        return cls(webhook=told.webhook, secret=told.secret.get_secret_value())


@router.get("/webhooks")
async def list_(app: TheApp, who: Who, wanted: Wanted) -> Page[WebhookRecord]:
    """List webhooks that one may manage; never a secret."""
    found = sorted(await list_webhooks(app, who), key=lambda one: one.id)
    cut, cursor = wanted.of_all(found, lambda one: (one.id,))
    return Page(items=cut, next_cursor=cursor)


@router.post("/webhooks", status_code=201)
async def add(app: TheApp, who: Who, body: WebhookAsked) -> ToldWebhook:
    """Add a webhook. This answer alone holds its secret."""
    wish = NewWebhook(body.id, body.url, body.space, body.events)
    return ToldWebhook.of(await add_webhook(app, who, wish))


@router.post("/webhooks/{webhook_id}/rotate")
async def rotate(app: TheApp, who: Who, webhook_id: WebhookName) -> ToldWebhook:
    """Give a webhook a new secret. The old one stays valid beside it for a while."""
    return ToldWebhook.of(await rotate_webhook(app, who, webhook_id))


@router.delete("/webhooks/{webhook_id}", status_code=204)
async def remove(app: TheApp, who: Who, webhook_id: WebhookName) -> None:
    """Take a webhook away."""
    await remove_webhook(app, who, webhook_id)


@router.get("/webhooks/{webhook_id}/deliveries")
async def deliveries(
    app: TheApp, who: Who, webhook_id: WebhookName, wanted: Wanted
) -> Page[Delivery]:
    """List what was sent to a webhook, or is to be, with every attempt."""
    found = sorted(
        await list_deliveries(app, who, webhook_id), key=lambda one: (one.created_at, one.key)
    )
    cut, cursor = wanted.of_all(found, lambda one: (one.created_at.isoformat(), one.key))
    return Page(items=cut, next_cursor=cursor)


@router.post("/webhooks/{webhook_id}/deliveries/{message_id}/replay", status_code=201)
async def replay(app: TheApp, who: Who, webhook_id: WebhookName, message_id: MessageId) -> Delivery:
    """Send a message again, as a new delivery."""
    return await replay_delivery(app, who, webhook_id, message_id)
